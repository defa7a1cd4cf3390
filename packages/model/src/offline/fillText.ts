/**
 * Arguments that are plain text: names, queries, messages, contents, and lists of them.
 * Taken in this order: what is quoted, what follows a telling word ("called", "about", "that"), what is
 * left of the sentence. Only a required argument may have what is left.
 */
import { coerce, membersOf } from "./coerce.ts"
import type { Input } from "./fillExplicit.ts"
import type { Literal, LiteralKind } from "./literals.ts"
import type { Parameter } from "./parameters.ts"
import { findPhrase, type Found, freeLiterals, isVague, remainder, type Source, take } from "./source.ts"

const untilClause = "(.+?)(?=\\s+(?:and (?:then )?|with|in|to|from|of type|as a|saying)\\b|[,;:]|[.!?]?$)"
const cue = (words: string, end = untilClause) => new RegExp(`\\b(?:${words})\\s*:?\\s+${end}`, "iu")
const toEnd = "(.+?)[.!?]?$"

const cues: Readonly<Partial<Record<Parameter["role"], ReadonlyArray<RegExp>>>> = {
  name: [
    cue("called|named|titled|entitled|name is|title is"),
    /\b(?:to|of|for|about|from|on)\s+(?:the\s+)?(\p{Lu}[\p{L}\p{N}'’ -]*?)(?=\s+\p{Ll}|[,;:.!?]|$)/u
  ],
  query: [
    cue("about|regarding|concerning|titled|called|named|mentioning|containing|matching|that mentions?"),
    /^\S+\s+(?:(?:up|for|out|through)\s+)*(.+?)\s+(?:in|inside|within|on|from)\s+(?:the|my|our|all|its)\b.*$/i,
    cue("for|on", "(.+?)(?=\\s+(?:in|inside|within|from)\\s+(?:the|my|our|all|its)\\b|[;]|[.!?]?$)"),
    cue("what is|what are|who is|how to|how do i", toEnd)
  ],
  content: [
    cue("saying|says|that says|with (?:the )?(?:text|content|contents|body|message)|reading", toEnd),
    cue("that", toEnd),
    cue("about|on|for|regarding", toEnd)
  ],
  id: [/\b(?:id|number|no\.|#)\s*:?\s*(\S+)/i, /\b(?:of|for|in|from)\s+(?:the\s+)?(\/\S+)/i],
  selector: [
    /\bthe\s+(.+?)\s+(?:button|link|field|box|input|element|checkbox|menu|tab|icon)\b/i,
    /\b(?:on|over|into|in|to)\s+(?:the\s+)?(.+?)[.!?]?$/i
  ],
  type: [cue("of type|of kind|as an?|type|kind", "(\\S+)")],
  text: [cue("about|called|named|titled|for|on|regarding")]
}

const kindsFor: Readonly<Partial<Record<Parameter["role"], ReadonlyArray<LiteralKind>>>> = {
  id: ["uuid", "path", "quoted", "selector", "number"],
  name: ["quoted", "path", "name"],
  selector: ["selector", "quoted"],
  url: ["url"],
  email: ["email"],
  pattern: ["glob", "quoted"],
  query: ["quoted"],
  content: ["quoted"],
  text: ["quoted", "path", "uuid", "url"]
}

/** Words that stand for what the step before answered. */
const pronoun =
  /\b(?:it|that|this|them|these|its|the (?:result|results|answer|output|content|contents|text|response))\b/i

/** Whether a request speaks of what the step before answered. */
export const refersBack = (request: string): boolean => pronoun.test(request)

const previousFor = (source: Source, parameter: Parameter): string | undefined => {
  const isText = parameter.role === "content" || parameter.role === "text" || parameter.role === "query"
  return isText && source.previous !== undefined && refersBack(source.request.open) ? source.previous : undefined
}

/** Of several quoted texts, the one whose neighbours speak for this parameter; else the first. */
const literalFor = (source: Source, parameter: Parameter, rivals: number): Literal | undefined => {
  const kinds = kindsFor[parameter.role] ?? ["quoted"]
  for (const kind of kinds) {
    const all = freeLiterals(source, kind)
    const before = (literal: Literal) => source.request.text.slice(Math.max(0, literal.start - 14), literal.start)
    const isPlace = (literal: Literal) => /\b(?:to|into|in|on|from|for|of)\s+(?:the\s+)?$/i.test(before(literal))
    const wantsPlace = parameter.role === "name" || parameter.role === "selector" || parameter.role === "id"
    const [first] = all
    if (first === undefined) continue
    if (all.length === 1 || rivals === 0) return first
    return all.find((literal) => isPlace(literal) === wantsPlace) ?? first
  }
  return undefined
}

/** What is optional takes only a literal that speaks for it. */
const mayTake = (parameter: Parameter, { kind }: Literal): boolean =>
  parameter.isRequired || kind === "quoted" || kind === parameter.role

const cuedText = (source: Source, parameter: Parameter): Found | undefined => {
  for (const pattern of cues[parameter.role] ?? []) {
    const found = findPhrase(source, pattern)
    if (found !== undefined && !isVague(found.value)) return found
  }
  return undefined
}

const mayBeRest = new Set<Parameter["role"]>(["query", "content", "text", "name", "selector"])

/** What is left of the sentence: a guess, and only for what is required. */
const guessedText = (source: Source, parameter: Parameter): Found | undefined => {
  if (!parameter.isRequired || !mayBeRest.has(parameter.role)) return undefined
  const rest = remainder(source)
  if (rest === undefined || isVague(rest.value)) return undefined
  source.guessed.add(parameter.name)
  return rest
}

const oneText = (source: Source, parameter: Parameter, rivals: number): Found | undefined => {
  const literal = literalFor(source, parameter, rivals)
  if (literal !== undefined && mayTake(parameter, literal)) return literal
  return cuedText(source, parameter) ?? guessedText(source, parameter)
}

const textual = new Set<Parameter["role"]>(["name", "query", "content", "text", "id", "selector", "type", "pattern"])

/** Whether an optional text parameter is spoken for: by a cue of its own role or by its name. */
const isSpokenFor = (source: Source, parameter: Parameter): boolean => {
  if (parameter.role === "query") return true
  if (parameter.role === "content" && freeLiterals(source, "quoted").length > 0) return true
  const own = [...parameter.stems]
  return own.length > 0 && own.every((word) => source.request.stems.includes(word) && !source.toolStems.has(word))
}

const holdsLiteral = (source: Source, found: Found): boolean =>
  freeLiterals(source, "path", "url", "uuid", "email", "json", "glob").some(
    ({ end, start }) => start < found.end && found.start < end
  )

/** Literals that are the members of a list: quoted texts, or for a list of names the names. */
const memberLiterals = (source: Source, items: Parameter): ReadonlyArray<Literal> => {
  const quoted = freeLiterals(source, "quoted")
  return quoted.length === 0 && items.role === "name" ? freeLiterals(source, "name") : quoted
}

/** What is left of the sentence, where it can be a list. A path or an address in it is not a name among names. */
const memberPhrase = (source: Source): Found | undefined => {
  const rest = remainder(source)
  return rest === undefined || holdsLiteral(source, rest) || isVague(rest.value) ? undefined : rest
}

const fillList = (source: Source, parameter: Parameter, input: Input): void => {
  const { items } = parameter
  if (items === undefined || !textual.has(items.role)) return
  const literals = memberLiterals(source, items)
  const phrase = literals.length > 0 ? undefined : memberPhrase(source)
  const members = phrase === undefined ? literals.map(({ value }) => value) : membersOf(phrase.value)
  const fitted = coerce(parameter, members)
  if (members.length === 0 || fitted === undefined) return
  input.set(parameter.name, fitted)
  if (phrase !== undefined) source.guessed.add(parameter.name)
  for (const found of phrase === undefined ? literals : [phrase]) take(source, found)
}

/** What holds a person's own words comes last: it may take the rest. */
const order = (parameter: Parameter): number =>
  (parameter.isRequired ? 0 : 10) + (parameter.role === "content" ? 2 : parameter.role === "query" ? 1 : 0)

const isWanted = ({ isRequired, name }: Parameter, input: Input): boolean => isRequired && !input.has(name)

/** Fills one text: with what the step before answered where the request means that, else from the request. */
const fillOne = (source: Source, parameter: Parameter, rivals: number, input: Input): void => {
  const previous = previousFor(source, parameter)
  const found = oneText(source, parameter, rivals)
  if (previous !== undefined && (found === undefined || refersBack(found.value))) {
    input.set(parameter.name, previous)
    return
  }
  const fitted = found === undefined ? undefined : coerce(parameter, found.value)
  if (found === undefined || fitted === undefined) return
  input.set(parameter.name, fitted)
  take(source, found)
}

/** What to look for is the request itself, when nothing else in it is left to say so. */
const fillLastQuery = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const required = parameters.filter(({ isRequired }) => isRequired)
  const [query, ...others] = required.filter(({ name }) => !input.has(name))
  if (query?.role !== "query" || others.length > 0 || required.length < 2) return
  input.set(query.name, source.request.text)
  source.guessed.add(query.name)
}

/** Fills plain texts and lists of them. Places (`path`) are not texts, except `url` and `date` given as words. */
export const fillText = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const open = parameters.filter(({ name, role }) => !input.has(name) && textual.has(role))
  for (const parameter of open.toSorted((a, b) => order(a) - order(b))) {
    if (!parameter.isRequired && !isSpokenFor(source, parameter)) continue
    const rivals = open.filter((other) => other.name !== parameter.name && isWanted(other, input)).length
    fillOne(source, parameter, rivals, input)
  }
  fillLastQuery(source, parameters, input)
  for (const parameter of parameters) {
    if (parameter.role === "list" && isWanted(parameter, input)) fillList(source, parameter, input)
  }
}
