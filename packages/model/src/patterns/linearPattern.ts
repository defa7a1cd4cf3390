/**
 * Regular expressions whose matching takes linear time, whatever the text: who writes a rule, or sends a name, can
 * never stop the program with one. They are run as a set of states, without going back; so lookaround and references,
 * which need that, are refused.
 */
import { Result } from "effect"
import { runStates, type StateTest } from "./runStates.ts"
import type { State } from "./State.ts"
import { type Span, stateSpans } from "./stateSpans.ts"

type Node =
  | { readonly type: "char"; readonly test: (char: string) => boolean }
  | { readonly type: "start" | "end" | "boundary" | "inside" }
  | { readonly type: "sequence" | "choice"; readonly nodes: ReadonlyArray<Node> }
  | {
      readonly type: "repeat"
      readonly node: Node
      readonly min: number
      readonly max: number
      /** Whether as few as possible are tried first. */
      readonly isLazy: boolean
    }

/** How a pattern is read, and where in a text it has to fit. */
export interface LinearPatternOptions {
  readonly ignoresCase?: boolean
  /** It fits where a part of the text does. Otherwise the whole text has to. */
  readonly isSearch?: boolean
  /** What fits may go over several lines: `.` is every character, `^` and `$` are the ends of each line. */
  readonly hasLines?: boolean
}

/** States of one pattern: what `{1,1000}` within `{1,1000}` would need is never meant. */
const maxStates = 5000

const tokenPattern = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|<\w+>)|\{\d+(?:,\d*)?\}|./gsu
/** References, and escapes of several characters. */
const unsupportedEscape = /^\\[0-9kcpPux]$/
const lookaround = /^\(\?(?:=|!|<=|<!)$/

/** The test of a pattern, or what is wrong with the pattern, in words. */
export const linearPattern = (
  regex: string,
  options: LinearPatternOptions = {}
): Result.Result<(text: string) => boolean, string> => Result.map(linearTest(regex, options), ({ test }) => test)

/** The same test, also with pauses: an odd pattern is slow over a long text, though its time is linear. */
export const linearTest = (regex: string, options: LinearPatternOptions = {}): Result.Result<StateTest, string> =>
  Result.map(statesOf(regex, options), ({ start, states }) => runStates(states, start, options))

/**
 * The parts of a text that fit a pattern, as a search by JavaScript would find them, or what is wrong with the pattern. They may
 * differ where a part that may be empty is repeated, as in `(a*?)+`: JavaScript does not go on after an empty round.
 */
export const linearSpans = (
  regex: string,
  options: Omit<LinearPatternOptions, "isSearch"> = {}
): Result.Result<(text: string) => Iterable<Span | undefined>, string> =>
  Result.map(statesOf(regex, options), ({ start, states }) => stateSpans(states, start, options.hasLines ?? false))

const statesOf = (
  regex: string,
  { hasLines = false, ignoresCase = false }: LinearPatternOptions
): Result.Result<{ readonly states: ReadonlyArray<State>; readonly start: number }, string> => {
  const syntax = Result.try({ try: () => new RegExp(regex, "u"), catch: (error) => String(error) })
  if (Result.isFailure(syntax)) return Result.fail(syntax.failure)
  const tokens = regex.match(tokenPattern) ?? []
  const unsupported = tokens.find((token) => unsupportedEscape.test(token) || lookaround.test(token))
  if (unsupported !== undefined) return Result.fail(`"${unsupported}" would not take linear time or is not supported`)
  const [tree] = parseChoice({ tokens, flags: `${ignoresCase ? "i" : ""}${hasLines ? "s" : ""}u` }, 0)
  if (sizeOf(tree) > maxStates) return Result.fail("its repetitions are too many")
  const states: Array<State> = [{ type: "match", test: never, next: [] }]
  const start = compile(states, tree, 0)
  return Result.succeed({ states, start })
}

interface Reading {
  readonly tokens: ReadonlyArray<string>
  readonly flags: string
}

const never = () => false

const parseChoice = (reading: Reading, from: number): readonly [Node, number] => {
  const nodes: Array<Node> = []
  let at = from
  for (;;) {
    const [sequence, end] = parseSequence(reading, at)
    nodes.push(sequence)
    if (reading.tokens[end] !== "|") return [{ type: "choice", nodes }, end]
    at = end + 1
  }
}

const parseSequence = (reading: Reading, from: number): readonly [Node, number] => {
  const { flags, tokens } = reading
  const nodes: Array<Node> = []
  let at = from
  for (let token = tokens[at]; token !== undefined && token !== "|" && token !== ")"; token = tokens[at]) {
    const [atom, end] = token.startsWith("(") ? parseGroup(reading, at) : ([atomOf(token, flags), at + 1] as const)
    const [node, next] = parseQuantifier(tokens, end, atom)
    nodes.push(node)
    at = next
  }
  return [{ type: "sequence", nodes }, at]
}

const parseGroup = (reading: Reading, open: number): readonly [Node, number] => {
  const [inner, close] = parseChoice(reading, open + 1)
  return [inner, close + 1]
}

const parseQuantifier = (tokens: ReadonlyArray<string>, at: number, node: Node): readonly [Node, number] => {
  const bounds = boundsOf(tokens[at] ?? "")
  if (bounds === undefined) return [node, at]
  const isLazy = tokens[at + 1] === "?"
  return [{ type: "repeat", node, isLazy, ...bounds }, isLazy ? at + 2 : at + 1]
}

const boundsOf = (token: string): { readonly min: number; readonly max: number } | undefined => {
  if (token === "*") return { min: 0, max: Number.POSITIVE_INFINITY }
  if (token === "+") return { min: 1, max: Number.POSITIVE_INFINITY }
  if (token === "?") return { min: 0, max: 1 }
  const [, min, comma, max] = /^\{(\d+)(,)?(\d+)?\}$/.exec(token) ?? []
  if (min === undefined) return undefined
  const unbounded = comma === undefined ? Number(min) : Number.POSITIVE_INFINITY
  return { min: Number(min), max: max === undefined ? unbounded : Number(max) }
}

const places: Readonly<Record<string, "start" | "end" | "boundary" | "inside">> = {
  "^": "start",
  $: "end",
  "\\b": "boundary",
  "\\B": "inside"
}

const atomOf = (token: string, flags: string): Node => {
  const place = places[token]
  if (place !== undefined) return { type: place }
  const one = new RegExp(`^(?:${token})$`, flags)
  return { type: "char", test: (char) => one.test(char) }
}

const sizeOf = (node: Node): number => {
  if (node.type === "sequence" || node.type === "choice") {
    return node.nodes.reduce((sum, part) => sum + sizeOf(part), 1)
  }
  if (node.type !== "repeat") return 1
  return (sizeOf(node.node) + 1) * Math.max(1, Number.isFinite(node.max) ? node.max : node.min + 1)
}

/** Adds the states of a node that go on to `next`, and gives the first of them. */
const compile = (states: Array<State>, node: Node, next: number): number => {
  const add = (state: State) => states.push(state) - 1
  switch (node.type) {
    case "char":
      return add({ type: "char", test: node.test, next: [next] })
    case "sequence":
      return node.nodes.reduceRight((after, part) => compile(states, part, after), next)
    case "choice":
      return add({ type: "fork", test: never, next: node.nodes.map((part) => compile(states, part, next)) })
    case "repeat":
      return compileRepeat(states, node, next)
    default:
      return add({ type: node.type, test: never, next: [next] })
  }
}

const compileRepeat = (states: Array<State>, node: Extract<Node, { type: "repeat" }>, next: number): number => {
  const fork = () => states.push({ type: "fork", test: never, next: [] }) - 1
  /** Once more, or on: what is tried first comes first. */
  const choose = (at: number, again: number) => states[at]?.next.push(...(node.isLazy ? [next, again] : [again, next]))
  let start = next
  if (Number.isFinite(node.max)) {
    for (let i = node.min; i < node.max; i++) {
      const again = compile(states, node.node, start)
      start = fork()
      choose(start, again)
    }
  } else {
    start = fork()
    choose(start, compile(states, node.node, start))
  }
  for (let i = 0; i < node.min; i++) start = compile(states, node.node, start)
  return start
}
