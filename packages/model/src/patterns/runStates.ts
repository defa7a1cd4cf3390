/**
 * Runs a set of states over a text, all that may be the right one at once. Sets that were met before are remembered
 * with where each character led, so most characters cost one look into a table.
 */

import { type Before, beforeOf, isPassed, noCode, type State } from "./State.ts"

/** Where one can be within a pattern, as far as it does not depend on what comes next. */
interface Spot extends Before {
  readonly states: ReadonlyArray<number>
  readonly ascii: Array<Spot | undefined>
  readonly others: Map<number, Spot>
  endsWell: boolean | undefined
}

/** A text that leads to more of them is run at the cost of finding each anew, which is linear, too. */
const maxSpots = 2000

/** How much may be done before others get their turn: a character is one, and a spot that is new as much as many of them. */
const costPerTurn = 100_000
const costOfSpot = 100

/** What is left of a turn; several texts may share it. */
export interface Turn {
  left: number
}

/** The test of a pattern: at once, or with pauses in which others get their turn. */
export interface StateTest {
  readonly test: (text: string) => boolean
  readonly testing: (text: string, turn: Turn) => Generator<undefined, boolean>
}

/** Where a run stands. */
interface Progress {
  index: number
  spot: Spot
}

/** The test of a compiled pattern. State 0 is the match. */
export const runStates = (
  states: ReadonlyArray<State>,
  start: number,
  { hasLines = false, isSearch = false }: { readonly hasLines?: boolean; readonly isSearch?: boolean }
): StateTest => {
  const spots = new Map<string, Spot>()
  /** How many times a step was found out, and not looked up. */
  let made = 0
  const spotOf = (cores: ReadonlyArray<number>, code: number): Spot => {
    const { isStart, wasWord } = beforeOf(code, hasLines)
    const key = `${isStart ? 1 : 0}${wasWord ? 1 : 0}${cores.join()}`
    const known = spots.get(key)
    if (known !== undefined) return known
    if (spots.size >= maxSpots) spots.clear()
    const spot = { states: cores, isStart, wasWord, ascii: [], others: new Map(), endsWell: undefined }
    spots.set(key, spot)
    return spot
  }
  const first = spotOf([start], noCode)
  /** Reached when a part of the text fits; nothing leads away from it. */
  const found: Spot = { ...first, states: [], ascii: [], others: new Map(), endsWell: true }

  /** All states that are reached without a character, when this one comes next. */
  const reach = (spot: Spot, code: number): ReadonlySet<number> => {
    const reached = new Set<number>()
    const open = [...spot.states]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached.has(index)) continue
      reached.add(index)
      const state = states[index]
      if (state !== undefined && isPassed(state.type, spot, code, hasLines)) open.push(...state.next)
    }
    return reached
  }
  const step = (spot: Spot, code: number): Spot => {
    made++
    const reached = reach(spot, code)
    if (isSearch && reached.has(0)) return found
    const char = String.fromCodePoint(code)
    const after = new Set<number>(isSearch ? [start] : [])
    for (const index of reached) {
      const state = states[index]
      if (state?.type === "char" && state.test(char)) for (const next of state.next) after.add(next)
    }
    return spotOf(
      [...after].toSorted((a, b) => a - b),
      code
    )
  }
  const follow = (spot: Spot, code: number): Spot => {
    const known = code < 128 ? spot.ascii[code] : spot.others.get(code)
    if (known !== undefined) return known
    const next = step(spot, code)
    if (code < 128) spot.ascii[code] = next
    else if (spot.others.size < maxSpots) spot.others.set(code, next)
    return next
  }

  /** Runs on until it is told, or nothing is left of the turn: then nothing is told. */
  const run = (text: string, progress: Progress, turn: Turn): boolean | undefined => {
    while (progress.index < text.length) {
      if (turn.left <= 0) return undefined
      const code = text.codePointAt(progress.index) ?? 0
      progress.index += code > 0xffff ? 2 : 1
      const before = made
      progress.spot = follow(progress.spot, code)
      turn.left -= 1 + (made - before) * costOfSpot
      if (progress.spot === found) return true
      if (progress.spot.states.length === 0) return false
    }
    progress.spot.endsWell ??= reach(progress.spot, noCode).has(0)
    return progress.spot.endsWell
  }
  return {
    test: (text) => run(text, { index: 0, spot: first }, { left: Number.POSITIVE_INFINITY }) === true,
    testing: function* (text, turn) {
      const progress = { index: 0, spot: first }
      for (;;) {
        const told = run(text, progress, turn)
        if (told !== undefined) return told
        turn.left = costPerTurn
        yield undefined
      }
    }
  }
}
