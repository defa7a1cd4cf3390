/**
 * Arguments whose type says what to look for: numbers, choices, booleans, URLs, addresses, ids, dates.
 * Optional ones are filled only when a word beside the value, or the value itself, speaks for them.
 */
import { choiceOf, coerce } from "./coerce.ts"
import { dateIn } from "./dates.ts"
import type { Input } from "./fillExplicit.ts"
import type { Literal } from "./literals.ts"
import { areAlike } from "./meaning.ts"
import type { Parameter } from "./parameters.ts"
import { findPhrase, freeLiterals, isFree, neighbours, type Source, take } from "./source.ts"
import { isStopWord, stem, wordsOf } from "./words.ts"

const open = (parameters: ReadonlyArray<Parameter>, input: Input, role: Parameter["role"]): ReadonlyArray<Parameter> =>
  parameters.filter((parameter) => parameter.role === role && !input.has(parameter.name))

/** How well the words around a literal speak for a parameter. */
const affinity = (source: Source, parameter: Parameter, literal: Literal): number => {
  const { after, before } = neighbours(source, literal, 2)
  const score = (word: string | undefined, weight: number): number => {
    if (word === undefined || (isStopWord(word) && word !== "first")) return 0
    const stemmed = stem(word)
    if (parameter.stems.has(stemmed)) return 3 * weight
    if ([...parameter.stems].some((own) => areAlike(own, stemmed))) return 1.5 * weight
    return parameter.descriptionStems.has(stemmed) ? weight : 0
  }
  return score(before[0], 1.1) + score(after[0], 1) + score(before[1], 0.4) + score(after[1], 0.3)
}

const firstOf = /\b(?:first|top|last|at most|up to|only|limit(?: of| to)?|max(?:imum)?(?: of)?)\s+$/i

const fillNumbers = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const wanted = open(parameters, input, "number")
  if (wanted.length === 0) return
  const numbers = freeLiterals(source, "number")
  const candidates = wanted
    .flatMap((parameter) =>
      numbers.map((literal) => {
        const isAmount = firstOf.test(source.request.text.slice(0, literal.start))
        const isLimit =
          /(?:^|_)(?:limit|size|count|max|n|top|first|last|head|tail)(?:$|_)|[a-z](?:Limit|Size|Count)$/.test(
            parameter.name
          )
        return { parameter, literal, score: affinity(source, parameter, literal) + (isAmount && isLimit ? 1 : 0) }
      })
    )
    .filter(({ score }) => score >= 1)
    .toSorted((a, b) => b.score - a.score)
  const assign = (parameter: Parameter, literal: Literal) => {
    const value = coerce(parameter, literal.value)
    if (value === undefined || input.has(parameter.name) || !isFree(source, literal)) return
    input.set(parameter.name, value)
    take(source, literal)
  }
  for (const { literal, parameter } of candidates) assign(parameter, literal)
  // What is required takes the numbers that nothing else speaks for, in order.
  for (const parameter of open(wanted, input, "number").filter(({ isRequired }) => isRequired)) {
    const next = freeLiterals(source, "number")[0]
    if (next !== undefined) assign(parameter, next)
  }
  // A single number in the text and a single parameter for one belong together.
  const [only, ...others] = open(parameters, input, "number")
  const left = freeLiterals(source, "number")[0]
  if (only !== undefined && others.length === 0 && left !== undefined && parameters.length <= 2) assign(only, left)
}

const mentionOf = (source: Source, choice: string): { start: number; end: number } | undefined => {
  const words = wordsOf(choice)
  if (words.length === 0 || words.length > 6) return undefined
  const pattern = words.map((word) => word.replace(/[^\p{L}\p{N}]/gu, "")).join("[\\s_-]*")
  const match = new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?:s|es|ed)?(?![\\p{L}\\p{N}])`, "iu").exec(
    source.request.text
  )
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length }
}

const choose = (source: Source, parameter: Parameter): unknown => {
  for (const choice of parameter.choices) {
    const span = mentionOf(source, String(choice))
    if (span === undefined) continue
    const { after, before } = neighbours(source, span, 3)
    const isLabelled = [...before, ...after].some((word) => parameter.stems.has(stem(word)))
    // A word that names the tool itself, "list" or "page", is no choice among its options.
    const isToolWord = wordsOf(String(choice)).every((word) => source.toolStems.has(stem(word)))
    if (!parameter.isRequired && isToolWord && !isLabelled) continue
    take(source, span)
    return choice
  }
  if (!parameter.isRequired) return undefined
  const { stems, verb } = source.request
  return parameter.choices.find((choice) => {
    const [head, ...more] = wordsOf(String(choice)).map(stem)
    return (
      head !== undefined &&
      more.length === 0 &&
      [verb, ...stems].some((word) => word !== undefined && areAlike(word, head))
    )
  })
}

const fillChoices = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of open(parameters, input, "choice")) {
    const value = choose(source, parameter)
    if (value !== undefined) input.set(parameter.name, value)
  }
  for (const parameter of open(parameters, input, "list")) {
    const { items } = parameter
    if (items?.role !== "choice") continue
    const chosen = items.choices.filter((choice) => {
      const span = mentionOf(source, String(choice))
      return span !== undefined && isFree(source, span) && choiceOf(items.choices, String(choice)) !== undefined
    })
    const isNamed = parameter.stems.size > 0 && source.request.stems.some((word) => parameter.stems.has(word))
    if (chosen.length > 0 && (parameter.isRequired || isNamed)) input.set(parameter.name, chosen)
  }
}

const negation = /\b(?:without|not|no|don't|do not|never|disable|turn off)\s+(?:\w+\s+){0,2}$/i
const opposites: Readonly<Record<string, RegExp>> = {
  accept: /\b(?:dismiss|decline|reject|refuse|deny|cancel)\b/i,
  enabl: /\b(?:disable|off)\b/i
}

const fillBooleans = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of open(parameters, input, "boolean")) {
    const own = [...parameter.stems].filter((word) => !isStopWord(word) && !/^(?:is|should|include)$/.test(word))
    const words = [...source.request.open.matchAll(/[\p{L}\p{N}]+/gu)]
    const hits = own.map((name) => words.find((word) => areAlike(stem(word[0].toLowerCase()), name)))
    const isAboutTool = own.every((word) => source.toolStems.has(word))
    const opposite = own.some(
      (word) => Object.hasOwn(opposites, word) && opposites[word]?.test(source.request.open) === true
    )
    if (opposite) input.set(parameter.name, false)
    else if (own.length > 0 && !isAboutTool && hits.every((hit) => hit !== undefined)) {
      const at = Math.min(...hits.map((hit) => hit?.index ?? 0))
      input.set(parameter.name, !negation.test(source.request.open.slice(0, at)))
    } else if (parameter.isRequired && parameter.fallback === undefined) {
      const said = /\b(?:(yes|true|on)|(no|false|off))\b/i.exec(source.request.open)
      if (said !== null) input.set(parameter.name, said[1] !== undefined)
    }
  }
}

const fillFrom = (
  source: Source,
  parameters: ReadonlyArray<Parameter>,
  input: Input,
  literals: ReadonlyArray<Literal>
): void => {
  for (const literal of literals) {
    const best = parameters
      .filter(({ name }) => !input.has(name))
      .map((parameter) => ({ parameter, score: affinity(source, parameter, literal) + (parameter.isRequired ? 2 : 0) }))
      .toSorted((a, b) => b.score - a.score)[0]
    if (best === undefined || !isFree(source, literal)) continue
    const { parameter } = best
    const fitted = coerce(parameter, parameter.role === "list" ? [literal.value] : literal.value)
    if (fitted === undefined) continue
    input.set(parameter.name, fitted)
    take(source, literal)
  }
}

const withRole = (parameters: ReadonlyArray<Parameter>, role: Parameter["role"]): ReadonlyArray<Parameter> =>
  parameters.filter(
    (parameter) => parameter.role === role || (parameter.role === "list" && parameter.items?.role === role)
  )

const fillDates = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of open(parameters, input, "date")) {
    const label = findPhrase(source, new RegExp(`\\b(?:${parameter.words.join("|")})\\b[ :]+(.{3,40})`, "i"))
    const withTime = parameter.schema["format"] === "date-time"
    const date = dateIn(label?.value ?? "", source.now, withTime) ?? dateIn(source.request.text, source.now, withTime)
    if (date === undefined || [...input.values()].includes(date)) continue
    input.set(parameter.name, date)
    for (const literal of freeLiterals(source, "date"))
      if (date.startsWith(literal.value.slice(0, 10))) take(source, literal)
  }
}

/** Fills numbers, choices, booleans, URLs, addresses, ids and dates. */
export const fillTyped = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  fillFrom(source, withRole(parameters, "url"), input, freeLiterals(source, "url"))
  fillFrom(source, withRole(parameters, "email"), input, freeLiterals(source, "email"))
  fillFrom(source, withRole(parameters, "id"), input, freeLiterals(source, "uuid"))
  fillDates(source, parameters, input)
  fillNumbers(source, parameters, input)
  fillChoices(source, parameters, input)
  fillBooleans(source, parameters, input)
}
