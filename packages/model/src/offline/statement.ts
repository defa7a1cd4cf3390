/**
 * Facts in a sentence: "the meeting is on Friday" is something said of "meeting"; "Anna works at Acme" ties
 * two names. Used where a schema wants a thing with a list of statements about it, or two ends and a tie.
 */
import type { Input } from "./fillExplicit.ts"
import { directionOf, type Parameter } from "./parameters.ts"
import { findPhrase, type Found, freeLiterals, remainder, type Source, take } from "./source.ts"

const linking =
  /\s+(?:is|are|was|were|will|has|have|had|likes?|loves?|hates?|prefers?|wants?|needs?|lives?|works?|owns?|plays?|speaks?|says?|said|goes|comes?|starts?|ends?|costs?|means?|can|can't|cannot|must|should|does|doesn't|isn't|moved|bought|takes?|uses?|knows?|studies|drives|eats?|drinks?|runs?|belongs?)\s/i

/** Who or what a statement is about: what stands before its verb, without an article. */
const subjectOf = (statement: string): string => {
  const verb = linking.exec(` ${statement}`)
  const subject =
    verb === null ? statement.split(/\s+/).slice(0, 3).join(" ") : ` ${statement}`.slice(0, verb.index).trim()
  return subject.replace(/^(?:the|a|an|my|our|your|his|her|their|its)\s+/i, "").replace(/[,:;.]+$/, "") || statement
}

const statementPatterns: ReadonlyArray<RegExp> = [/^[^:]{0,40}?\bthat\s+(.+?)[.!]?$/i, /^[^:.]{0,40}:\s*(.+?)[.!]?$/i]

/** What is left of the sentence, with the article before it. */
const remainingSentence = (source: Source): Found | undefined => {
  const left = remainder(source)
  if (left === undefined) return undefined
  const before = source.request.text.slice(0, left.start)
  const determiner = /\b(?:the|my|our|his|her|their|your|an?)\s+$/i.exec(before)?.[0] ?? ""
  return { ...left, start: left.start - determiner.length, value: `${determiner}${left.value}` }
}

const findStatement = (source: Source): Found | undefined => {
  for (const pattern of statementPatterns) {
    const found = findPhrase(source, pattern)
    if (found !== undefined) return found
  }
  const rest = remainingSentence(source)
  // "remember to buy milk": who asks to remember means all of it.
  if (source.request.actions.has("record") && !source.request.isLooking) return rest
  return rest !== undefined && linking.test(` ${rest.value}`) ? rest : undefined
}

const named = /\b(?:called|named)\s+(.+?)(?=\s+(?:of type|as an?|with|who|which|that)\b|[,;:]|$)/i
const typed = /\b(?:of type|of kind|type|as an?)\s+["'“]?([\p{L}\p{N}_-]+)/iu
const beneficiary =
  /\b(?:to|from|of|about|for|on)\s+(?:the\s+)?(?:entity\s+|node\s+)?([\p{L}\p{N}][\p{L}\p{N}'’ -]*?)\s*(?=[,;:.!?]|$|that\b)/iu

interface Thing {
  readonly name: Parameter
  readonly type: Parameter | undefined
  readonly statements: Parameter
}

/** The parameters of a thing with statements, when they are that and nothing else. */
const thingOf = (parameters: ReadonlyArray<Parameter>, input: Input): Thing | undefined => {
  const required = parameters.filter(({ isRequired, name }) => isRequired && !input.has(name))
  const statements = required.find(
    ({ items, role }) => role === "list" && items !== undefined && items.role !== "object"
  )
  const name = required.find(({ role }) => role === "name")
  const type = required.find(({ role }) => role === "type")
  if (statements === undefined || name === undefined) return undefined
  return required.every((each) => each === statements || each === name || each === type)
    ? { name, type, statements }
    : undefined
}

interface Facts {
  readonly subject: string
  readonly facts: ReadonlyArray<string>
  readonly from: ReadonlyArray<Found>
}

/** What is quoted is said of whom the sentence names; else the sentence itself is the statement. */
const factsIn = (source: Source): Facts | undefined => {
  const called = source.request.actions.has("record") ? undefined : findPhrase(source, named)
  const said = freeLiterals(source, "quoted").filter((literal) => literal.start !== called?.start)
  if (called !== undefined) {
    return { subject: called.value, facts: said.map(({ value }) => value), from: [called, ...said] }
  }
  const someone = freeLiterals(source, "name")[0]?.value
  if (said.length > 0) {
    const about = findPhrase(source, beneficiary)
    const subject = about?.value ?? someone
    if (subject === undefined) return undefined
    return { subject, facts: said.map(({ value }) => value), from: about === undefined ? said : [...said, about] }
  }
  const statement = findStatement(source)
  if (statement === undefined) return undefined
  return { subject: subjectOf(statement.value), facts: [statement.value], from: [statement] }
}

/** Fills `{ name, type?, statements[] }`: a thing and what is said of it. */
const fillThing = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const thing = thingOf(parameters, input)
  if (thing === undefined) return
  const kind = findPhrase(source, typed)
  const found = factsIn(source)
  if (found === undefined) return
  input.set(thing.name.name, found.subject)
  input.set(thing.statements.name, found.facts)
  if (thing.type !== undefined) input.set(thing.type.name, kind?.value ?? "note")
  for (const span of found.from) take(source, span)
}

interface Ends {
  readonly first: string
  readonly second: string
  readonly between: string
  readonly from: ReadonlyArray<Found>
}

/** Two names with words between them. The first may open the sentence, where its capital says nothing. */
const endsIn = (source: Source): Ends | undefined => {
  const [a, b] = freeLiterals(source, "name", "quoted")
  if (a !== undefined && b !== undefined) {
    return { first: a.value, second: b.value, between: source.request.text.slice(a.end, b.start), from: [a, b] }
  }
  const opening = /\b(\p{Lu}[\p{L}\p{N}]*)\s+(\p{Ll}[\p{L} ]*?)\s+(\p{Lu}[\p{L}\p{N} ]*)/u.exec(source.request.text)
  const [, first, between, second] = opening ?? []
  if (first === undefined || between === undefined || second === undefined) return undefined
  return { first, second, between, from: a === undefined ? [] : [a] }
}

const findTie = (source: Source): Found | undefined =>
  findPhrase(source, /:\s*(.+?)[.!]?$/) ??
  findPhrase(source, /\b(?:called|named|of type|type|as)\s+(.+?)[.!]?$/i) ??
  freeLiterals(source, "quoted")[0]

const isEnd = (parameter: Parameter, direction: "from" | "to"): boolean =>
  directionOf(parameter) === direction && parameter.role !== "number"

interface Tie {
  readonly from: Parameter
  readonly to: Parameter
  readonly type: Parameter
}

/** The parameters of a tie that is not known yet. */
const tieOf = (parameters: ReadonlyArray<Parameter>, input: Input): Tie | undefined => {
  const from = parameters.find((parameter) => isEnd(parameter, "from"))
  const to = parameters.find((parameter) => isEnd(parameter, "to"))
  const type = parameters.find(({ isRequired, name, role }) => isRequired && role === "type" && !input.has(name))
  return from === undefined || to === undefined || type === undefined ? undefined : { from, to, type }
}

/** Fills both ends, and the tie with the words between them; whether there are two ends. */
const fillEnds = (source: Source, { from, to, type }: Tie, input: Input): boolean => {
  const ends = endsIn(source)
  if (ends === undefined) return false
  input.set(from.name, ends.first)
  input.set(to.name, ends.second)
  const tie = ends.between.trim()
  if (tie !== "" && !/^(?:and|to|with)$/i.test(tie)) input.set(type.name, tie)
  for (const span of ends.from) take(source, span)
  return true
}

/** Fills the tie between two ends: "from Anna to Acme: works at", "Anna works at Acme". */
const fillTie = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  const tie = tieOf(parameters, input)
  if (tie === undefined) return
  const hasEnds = input.has(tie.from.name) && input.has(tie.to.name)
  if (!hasEnds && !fillEnds(source, tie, input)) return
  const label = input.has(tie.type.name) ? undefined : findTie(source)
  if (label === undefined) return
  input.set(tie.type.name, label.value)
  take(source, label)
}

/** Fills shapes that hold a fact: a thing with statements, or a tie between two ends. */
export const fillStatement = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  fillTie(source, parameters, input)
  fillThing(source, parameters, input)
}
