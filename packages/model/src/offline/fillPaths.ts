/**
 * Arguments that are places: files, folders, patterns over them, and pairs of a place to come from and
 * one to go to. What a relative path is relative to is the server's matter: it is passed as typed.
 */
import type { Input } from "./fillExplicit.ts"
import type { Literal } from "./literals.ts"
import { actionsOf } from "./meaning.ts"
import { directionOf, type Parameter, type Role } from "./parameters.ts"
import { findPhrase, type Found, freeLiterals, isFree, isVague, type Source, take } from "./source.ts"
import { isStopWord, stem } from "./words.ts"

/** Words that describe a folder instead of naming it. */
const describing =
  /^(?:sample|example|demo|current|working|whole|entire|same|this|that|new|shared|root|top|main|every|each|all|other|given|allowed|following|right|empty|single|complete|full|file|files|folder|folders|directory|directories|here|there|content|contents|path|with|everything|me|text)$/i

const isPathText = (text: string): boolean =>
  /^[^\n]{1,200}$/.test(text) && (/[/\\]/.test(text) || /\.[A-Za-z0-9]{1,8}$/.test(text)) && !/[.!?]\s/.test(text)

const isName = (source: Source, word: string): boolean => {
  const lower = word.toLowerCase()
  if (isStopWord(lower) || describing.test(lower) || /^\d+$/.test(lower)) return false
  return !source.toolStems.has(stem(lower)) && (actionsOf(stem(lower)).size === 0 || /[._/-]/.test(word))
}

const word = "([\\p{L}\\p{N}_.~-]+)"
const namedPlace: ReadonlyArray<RegExp> = [
  new RegExp(`\\b(?:called|named)\\s+${word}`, "iu"),
  new RegExp(`${word}\\s+(?:sub)?(?:folder|directory|dir)\\b`, "iu"),
  new RegExp(`\\b(?:folder|directory|dir|file)\\s+${word}`, "iu"),
  new RegExp(`^\\S+\\s+${word}\\s+for\\b`, "iu"),
  new RegExp(
    `\\b(?:in|inside|within|under|of|from|into|to|through)\\s+(?:the\\s+|my\\s+)?${word}(?=\\s|$|[,.;!?])`,
    "iu"
  ),
  new RegExp(`^\\S+\\s+${word}\\s*$`, "iu")
]

/** A place that is named without looking like a path: "the docs folder", "a folder called reports". */
const bareName = (source: Source): Found | undefined => {
  for (const pattern of namedPlace) {
    for (const match of source.request.open.matchAll(new RegExp(pattern.source, "giu"))) {
      const name = (match[1] ?? "").replace(/[.]+$/, "")
      const start = match.index + match[0].lastIndexOf(match[1] ?? "")
      const span = { start, end: start + name.length }
      if (name !== "" && isName(source, name) && isFree(source, span)) return { value: name, ...span }
    }
  }
  return undefined
}

const pathLiterals = (source: Source): ReadonlyArray<Literal> => {
  const quoted = freeLiterals(source, "quoted").filter((literal) => isPathText(literal.value))
  return [...freeLiterals(source, "path"), ...quoted].toSorted((a, b) => a.start - b.start)
}

/** A quoted text that the words before it call a place: `a folder called "My reports"`. */
const quotedPlace = (source: Source): Literal | undefined =>
  freeLiterals(source, "quoted").find((literal) =>
    /\b(?:file|folder|directory|dir|path|called|named|in|into|inside|from|of)\s+(?:the\s+)?$/i.test(
      source.request.text.slice(0, literal.start)
    )
  )

const isFolderTalk = /\b(?:folders?|director(?:y|ies)|dir|here|files)\b/i

/** A place that is named by a bare word, or meant without being named. */
const impliedPlace = (source: Source, parameter: Parameter): Found | undefined => {
  const bare = bareName(source)
  // A bare word is a folder sooner than a file.
  if (bare !== undefined && !source.isAboutFolders) source.guessed.add(parameter.name)
  if (bare !== undefined) return bare
  const { isLooking, open } = source.request
  // "the files here": a place is meant, and only the server knows where that is.
  const isHere = isLooking && source.isAboutFolders && isFolderTalk.test(open)
  return isHere ? { value: ".", start: 0, end: 0 } : undefined
}

const onePlace = (source: Source, parameter: Parameter): Found | undefined =>
  pathLiterals(source)[0] ?? quotedPlace(source) ?? (parameter.isRequired ? impliedPlace(source, parameter) : undefined)

const isPattern = ({ role, stems }: Parameter): boolean =>
  role === "pattern" || (role === "list" && stems.has("pattern"))

const isExclusion = ({ stems }: Parameter): boolean => stems.has("exclud") || stems.has("ignor")

/** "without a.txt and b.txt" */
const excluded = (source: Source): Found | undefined =>
  findPhrase(
    source,
    /\b(?:leave out|leaving out|except(?: for)?|excluding|exclude|without|ignoring|ignore|skipping|skip|but not)\s+(.+)$/i
  )

const excludedMembers = (phrase: string): ReadonlyArray<string> =>
  phrase.split(/\s*,\s*|\s+and\s+/).map((each) => each.replace(/^["'`]|["'`]$/g, ""))

/** A glob, or for what is required any text that may stand for one. */
const wantedPattern = (source: Source, parameter: Parameter): Found | undefined => {
  const [glob] = freeLiterals(source, "glob")
  if (glob !== undefined || !parameter.isRequired) return glob
  return findPhrase(source, /\b(?:named|called|matching|like|pattern|containing)\s+(\S+)/i) ?? quotedPattern(source)
}

const fillPatterns = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of parameters) {
    if (input.has(parameter.name) || !isPattern(parameter)) continue
    const found = isExclusion(parameter) ? excluded(source) : wantedPattern(source, parameter)
    if (found === undefined) continue
    const members = isExclusion(parameter) ? excludedMembers(found.value) : [found.value]
    input.set(parameter.name, parameter.role === "list" ? members : found.value)
    take(source, found)
  }
}

const quotedPattern = (source: Source): Literal | undefined =>
  freeLiterals(source, "quoted")[0] ?? pathLiterals(source)[0]

const text = (source: Source, at: { readonly start: number; readonly end: number }): string =>
  source.request.text.slice(at.start, at.end)

const pairPatterns: ReadonlyArray<RegExp> = [
  /\b(?:replace|change|swap|rename|substitute|turn|move|drag|correct|update)\s+(?:the\s+)?(.+?)\s+(?:with|by|to|into|for|onto|as|->|→)\s+(.+?)(?=\s+(?:in|inside|within)\s+\S+$|[,;:]|$)/i,
  /\bfrom\s+(.+?)\s+(?:to|into|onto|->|→)\s+(.+?)(?=\s+(?:in|as|with|called|named|of type)\b|[,;:]|$)/i,
  /\bbetween\s+(.+?)\s+and\s+(.+?)(?=\s+(?:as|with|called|named|of type)\b|[,;:]|$)/i,
  /^(?:\S+\s+)?(.+?)\s+(?:to|into|onto|->|→|=>)\s+(.+?)(?=[,;:]|$)/i
]

/** The whole phrase, or the one literal in it. */
const phraseValue = (source: Source, start: number, phrase: string): Found | undefined => {
  const span = { start, end: start + phrase.length }
  const literal = source.request.literals.find(
    (each) => each.start >= span.start && each.end <= span.end && each.kind !== "number" && isFree(source, each)
  )
  if (literal !== undefined) return literal
  const value = phrase.replace(/^(?:the|a|an|my|file|folder|element)\s+/i, "").replace(/[.!?\s]+$/, "")
  return isVague(value) || value === "" || !isFree(source, span) ? undefined : { value, ...span }
}

/** The two texts that words such as "from … to …" set against each other. */
const pairIn = (source: Source): readonly [Found, Found] | undefined => {
  for (const pattern of pairPatterns) {
    const match = pattern.exec(source.request.text)
    const [, first, second] = match ?? []
    if (match === null || first === undefined || second === undefined) continue
    const a = phraseValue(source, match.index + match[0].indexOf(first), first)
    const b = phraseValue(source, match.index + match[0].lastIndexOf(second), second)
    if (a !== undefined && b !== undefined) return [a, b]
  }
  return undefined
}

const pairLiterals = (source: Source): ReadonlyArray<Literal> =>
  freeLiterals(source, "path", "quoted", "name", "selector", "uuid").filter((each) => text(source, each) !== "")

const neverAnEnd: ReadonlySet<Role> = new Set(["number", "object", "list", "boolean", "choice"])

/** Parameters that form a pair, `source` and `destination`, from "X to Y", "from X to Y", "replace X with Y". */
const fillPair = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const usable = parameters.filter(
    ({ isRequired, name, role }) => isRequired && !input.has(name) && !neverAnEnd.has(role)
  )
  const from = usable.find((parameter) => directionOf(parameter) === "from")
  const to = usable.find((parameter) => directionOf(parameter) === "to")
  if (from === undefined || to === undefined) return
  const ends: ReadonlyArray<Found> = pairIn(source) ?? pairLiterals(source)
  for (const [index, { name }] of [from, to].entries()) {
    const found = ends[index]
    if (found === undefined) continue
    input.set(name, found.value)
    take(source, found)
  }
}

/** Fills pairs of places, paths, and patterns over them. */
export const fillPaths = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  fillPair(source, parameters, input)
  const isPlace = (parameter: Parameter) =>
    !input.has(parameter.name) &&
    (parameter.role === "path" || (parameter.role === "list" && parameter.items?.role === "path"))
  if (parameters.some(({ role }) => role === "pattern") && freeLiterals(source, "glob").length > 0)
    fillPatterns(source, parameters, input)
  for (const parameter of parameters.filter(isPlace).toSorted((a, b) => Number(b.isRequired) - Number(a.isRequired))) {
    if (parameter.role === "list") {
      const all = [...pathLiterals(source)]
      if (all.length === 0) continue
      input.set(
        parameter.name,
        all.map(({ value }) => value)
      )
      for (const literal of all) take(source, literal)
      continue
    }
    const found = onePlace(source, parameter)
    if (found === undefined) continue
    input.set(parameter.name, found.value)
    take(source, found)
  }
  fillPatterns(source, parameters, input)
}
