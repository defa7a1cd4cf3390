/**
 * Arguments that the person named: a JSON object, `key=value`, `key: value`, `key value`.
 * They win over everything that is read between the lines.
 */
import { Predicate } from "effect"
import { coerce } from "./coerce.ts"
import { parseJson } from "./literals.ts"
import type { Parameter } from "./parameters.ts"
import { type Found, freeLiterals, isFree, type Source, take } from "./source.ts"

/** Arguments under construction, by name. */
export type Input = Map<string, unknown>

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")

/** Fills the parameters that an object names; whether there are any. */
const fillFromMembers = (value: object, parameters: ReadonlyArray<Parameter>, input: Input): boolean => {
  const given: Readonly<Record<string, unknown>> = { ...value }
  const matching = parameters.filter(({ name }) => Object.hasOwn(given, name))
  for (const parameter of matching) {
    const fitted = coerce(parameter, given[parameter.name])
    if (fitted !== undefined) input.set(parameter.name, fitted)
  }
  return matching.length > 0
}

/** Gives a value as a whole to the first open object or list; whether it fits there. */
const fillFromWhole = (value: unknown, parameters: ReadonlyArray<Parameter>, input: Input): boolean => {
  const home = parameters.find(({ name, role }) => !input.has(name) && (role === "object" || role === "list"))
  if (home === undefined) return false
  const fitted = coerce(home, home.role === "list" && !Array.isArray(value) ? [value] : value)
  if (fitted === undefined) return false
  input.set(home.name, fitted)
  return true
}

const fillFromJson = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const literal of freeLiterals(source, "json")) {
    const value = parseJson(literal.value)
    const isUsed =
      (Predicate.isObject(value) && fillFromMembers(value, parameters, input)) ||
      fillFromWhole(value, parameters, input)
    if (isUsed) take(source, literal)
  }
}

const fillFromPairs = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const literal of freeLiterals(source, "pair")) {
    const key = plain(literal.key ?? "")
    const parameter = parameters.find(({ name }) => plain(name) === key)
    const fitted = parameter === undefined ? undefined : coerce(parameter, literal.value)
    if (parameter === undefined || fitted === undefined) continue
    input.set(parameter.name, fitted)
    take(source, literal)
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** `maxAge 1`, `path: notes.txt`, `width = 300`, `new text "x"`. */
const labelPattern = (parameter: Parameter): RegExp => {
  const spelled = parameter.words.map(escaped).join("[\\s_-]?")
  return new RegExp(`(?<![\\p{L}\\p{N}_])${spelled}(?:\\s*[:=]\\s*|\\s+(?:is|to|of|as)\\s+|\\s+)(\\S+)`, "iu")
}

const isSimple = ({ role }: Parameter): boolean => role === "number" || role === "boolean" || role === "choice"

const canBeLabelled = ({ items, role, words }: Parameter): boolean =>
  words.length > 0 && role !== "object" && !(role === "list" && items?.role === "object")

/** The value behind a parameter's name, with the part of the text that says it. */
const labelled = (source: Source, parameter: Parameter): Found | undefined => {
  const match = labelPattern(parameter).exec(source.request.text)
  const word = match?.[1]
  if (match === null || word === undefined) return undefined
  const at = match.index + match[0].length - word.length
  const literal = source.request.literals.find((each) => each.start === at && each.kind !== "name")
  if (literal !== undefined) return { value: literal.value, start: match.index, end: literal.end }
  const isColon = /[:=]\s*\S+$/.test(match[0])
  // A one-word name is a common word; only a colon or a literal right after it makes it a label.
  if (!isColon && !(isSimple(parameter) && parameter.words.length > 1)) return undefined
  const value = isColon && !isSimple(parameter) ? restAfter(source, at) : word.replace(/[,;.!?]+$/, "")
  return { value, start: match.index, end: at + value.length }
}

const fillFromLabels = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of parameters) {
    if (input.has(parameter.name) || !canBeLabelled(parameter)) continue
    const found = labelled(source, parameter)
    const fitted = found !== undefined && isFree(source, found) ? coerce(parameter, found.value) : undefined
    if (found === undefined || fitted === undefined) continue
    input.set(parameter.name, fitted)
    take(source, found)
  }
}

/** After a colon, everything up to the next label, comma or end is meant. */
const restAfter = (source: Source, start: number): string =>
  /^[^,;\n]*?(?=\s+[\p{L}_]+\s*[:=]|[,;\n]|$)/u.exec(source.request.text.slice(start))?.[0].trim() ?? ""

/** Fills what the text names by its name. */
export const fillExplicit = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  fillFromJson(source, parameters, input)
  fillFromPairs(source, parameters, input)
  fillFromLabels(source, parameters, input)
}
