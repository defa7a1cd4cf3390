/**
 * Finds what fits a set of states: the parts of a text, first to last, that a search which goes back would find. All states that
 * may be the right one are followed at once, in the order in which it would try them, and each knows where it began.
 */
import { beforeOf, isPassed, noCode, type State } from "./State.ts"

/** A part of a text: from here to before there, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Thread {
  readonly state: number
  readonly start: number
}

/** After so many steps others get their turn. */
const stepsPerTurn = 20_000

const codeAt = (text: string, index: number): number => text.codePointAt(index) ?? noCode

const widthOf = (code: number): number => (code > 0xffff ? 2 : 1)

/** All that can be reached from the threads without a character, first choice first. */
const reachFrom = (
  states: ReadonlyArray<State>,
  threads: ReadonlyArray<Thread>,
  passes: (type: State["type"]) => boolean
): ReadonlyArray<Thread> => {
  const seen = new Set<number>()
  const reached: Array<Thread> = []
  const open = threads.toReversed()
  for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
    const { start } = thread
    const state = states[thread.state]
    if (state === undefined || seen.has(thread.state)) continue
    seen.add(thread.state)
    reached.push(thread)
    if (passes(state.type)) open.push(...state.next.toReversed().map((next) => ({ state: next, start })))
  }
  return reached
}

/** Which of the first 128 characters may begin what fits; `undefined` where nothing at all fits, too. */
const beginnersOf = (states: ReadonlyArray<State>, first: number): ReadonlyArray<boolean> | undefined => {
  const reached = reachFrom(states, [{ state: first, start: 0 }], (type) => type !== "char" && type !== "match")
  if (reached.some(({ state }) => state === 0)) return undefined
  return Array.from({ length: 128 }, (_, code) => afterChar(states, reached, code).length > 0)
}

/** What is still followed, and the best that was found. */
interface Progress {
  readonly threads: ReadonlyArray<Thread>
  readonly found: Span | undefined
}

const nothing: Progress = { threads: [], found: undefined }

/**
 * The parts of a text that fit. Each find takes linear time; all of them together may take more, so whoever asks gets
 * `undefined` now and then, and can let others go first, or stop.
 */
export const stateSpans = (states: ReadonlyArray<State>, first: number, hasLines: boolean) => {
  const beginners = beginnersOf(states, first)

  const stepAt = (text: string, index: number, code: number, { found, threads }: Progress): Progress => {
    const before = beforeOf(index === 0 ? noCode : text.charCodeAt(index - 1), hasLines)
    const begun = found === undefined ? [...threads, { state: first, start: index }] : threads
    const reached = reachFrom(states, begun, (type) => isPassed(type, before, code, hasLines))
    const match = reached.findIndex(({ state }) => state === 0)
    const fits = reached[match]
    // What would be tried later than what fits is not tried.
    const tried = fits === undefined ? reached : reached.slice(0, match)
    return {
      threads: code === noCode ? [] : afterChar(states, tried, code),
      found: fits === undefined ? found : { start: fits.start, end: index }
    }
  }

  /** The first part from there on. */
  const find = function* (text: string, from: number, turn: { steps: number }): Generator<undefined, Span | undefined> {
    let progress = nothing
    let code = 0
    for (let index = from; index <= text.length; index += widthOf(code)) {
      code = codeAt(text, index)
      const isIdle = progress.threads.length === 0
      if (isIdle && progress.found !== undefined) break
      if (!isIdle || beginners?.[code] !== false) progress = stepAt(text, index, code, progress)
      turn.steps += 1 + progress.threads.length
      if (turn.steps < stepsPerTurn) continue
      turn.steps = 0
      yield undefined
    }
    return progress.found
  }

  return function* (text: string): Generator<Span | undefined, void> {
    const turn = { steps: 0 }
    let from = 0
    while (from <= text.length) {
      const found = yield* find(text, from, turn)
      if (found === undefined) return
      yield found
      from = found.end > found.start ? found.end : found.end + widthOf(codeAt(text, found.end))
    }
  }
}

const afterChar = (
  states: ReadonlyArray<State>,
  threads: ReadonlyArray<Thread>,
  code: number
): ReadonlyArray<Thread> => {
  const char = String.fromCodePoint(code)
  return threads.flatMap(({ start, state: index }) => {
    const state = states[index]
    return state?.type === "char" && state.test(char) ? state.next.map((next) => ({ state: next, start })) : []
  })
}
