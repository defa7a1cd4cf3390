/**
 * Regular expressions whose matching takes linear time, whatever the name: who writes a rule, or sends a name, can
 * never stop the program with one. They are run as a set of states, without going back; so lookaround, references and
 * word boundaries, which need that, are refused. A pattern fits the whole name.
 */
import { Result } from "effect"

type Node =
  | { readonly type: "char"; readonly test: (char: string) => boolean }
  | { readonly type: "start" | "end" }
  | { readonly type: "sequence" | "choice"; readonly nodes: ReadonlyArray<Node> }
  | { readonly type: "repeat"; readonly node: Node; readonly min: number; readonly max: number }

/** `next` are the states after this one, each of which may be the right one. */
interface State {
  readonly type: "char" | "start" | "end" | "fork" | "match"
  readonly test: (char: string) => boolean
  readonly next: Array<number>
}

/** States of one pattern: what `{1,1000}` within `{1,1000}` would need is never meant. */
const maxStates = 5000

const tokenPattern = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|<\w+>)|\{\d+(?:,\d*)?\}|./gsu
/** References, boundaries, and escapes of several characters. */
const unsupportedEscape = /^\\[0-9bBkcpPux]$/
const lookaround = /^\(\?(?:=|!|<=|<!)$/

/** The test of a pattern, or what is wrong with the pattern, in words. */
export const linearPattern = (regex: string): Result.Result<(name: string) => boolean, string> => {
  const syntax = Result.try({ try: () => new RegExp(regex, "u"), catch: (error) => String(error) })
  if (Result.isFailure(syntax)) return Result.fail(syntax.failure)
  const tokens = regex.match(tokenPattern) ?? []
  const unsupported = tokens.find((token) => unsupportedEscape.test(token) || lookaround.test(token))
  if (unsupported !== undefined) return Result.fail(`"${unsupported}" would not take linear time or is not supported`)
  const [tree] = parseChoice(tokens, 0)
  if (sizeOf(tree) > maxStates) return Result.fail("its repetitions are too many")
  const states: Array<State> = [{ type: "match", test: never, next: [] }]
  const start = compile(states, tree, 0)
  return Result.succeed((name) => matches(states, start, name))
}

const never = () => false

const parseChoice = (tokens: ReadonlyArray<string>, from: number): readonly [Node, number] => {
  const nodes: Array<Node> = []
  let at = from
  for (;;) {
    const [sequence, end] = parseSequence(tokens, at)
    nodes.push(sequence)
    if (tokens[end] !== "|") return [{ type: "choice", nodes }, end]
    at = end + 1
  }
}

const parseSequence = (tokens: ReadonlyArray<string>, from: number): readonly [Node, number] => {
  const nodes: Array<Node> = []
  let at = from
  for (let token = tokens[at]; token !== undefined && token !== "|" && token !== ")"; token = tokens[at]) {
    const [atom, end] = token.startsWith("(") ? parseGroup(tokens, at) : ([atomOf(token), at + 1] as const)
    const [node, next] = parseQuantifier(tokens, end, atom)
    nodes.push(node)
    at = next
  }
  return [{ type: "sequence", nodes }, at]
}

const parseGroup = (tokens: ReadonlyArray<string>, open: number): readonly [Node, number] => {
  const [inner, close] = parseChoice(tokens, open + 1)
  return [inner, close + 1]
}

const parseQuantifier = (tokens: ReadonlyArray<string>, at: number, node: Node): readonly [Node, number] => {
  const bounds = boundsOf(tokens[at] ?? "")
  if (bounds === undefined) return [node, at]
  // A lazy quantifier fits the same names as a greedy one.
  return [{ type: "repeat", node, ...bounds }, tokens[at + 1] === "?" ? at + 2 : at + 1]
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

const atomOf = (token: string): Node => {
  if (token === "^") return { type: "start" }
  if (token === "$") return { type: "end" }
  const one = new RegExp(`^(?:${token})$`, "u")
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
  const fork = (targets: ReadonlyArray<number>) => states.push({ type: "fork", test: never, next: [...targets] }) - 1
  let start = next
  if (Number.isFinite(node.max)) {
    for (let i = node.min; i < node.max; i++) start = fork([compile(states, node.node, start), next])
  } else {
    start = fork([next])
    states[start]?.next.push(compile(states, node.node, start))
  }
  for (let i = 0; i < node.min; i++) start = compile(states, node.node, start)
  return start
}

const matches = (states: ReadonlyArray<State>, start: number, name: string): boolean => {
  const chars = Array.from(name)
  const isPassed = ({ type }: State, position: number): boolean =>
    type === "fork" || (type === "start" && position === 0) || (type === "end" && position === chars.length)
  /** All states that are reached without a character. */
  const reach = (from: Iterable<number>, position: number): ReadonlySet<number> => {
    const reached = new Set<number>()
    const open = [...from]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached.has(index)) continue
      reached.add(index)
      const state = states[index]
      if (state !== undefined && isPassed(state, position)) open.push(...state.next)
    }
    return reached
  }
  let current = reach([start], 0)
  for (const [position, char] of chars.entries()) {
    const after = [...current].flatMap((index) => {
      const state = states[index]
      return state?.type === "char" && state.test(char) ? state.next : []
    })
    if (after.length === 0) return false
    current = reach(after, position + 1)
  }
  return current.has(0)
}
