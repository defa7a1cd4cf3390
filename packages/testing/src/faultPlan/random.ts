/**
 * Chance that can be repeated: a long proof prints its seed, and the same seed gives the same run. Mulberry32, a generator
 * of 32 bits of state; good enough to choose faults, not for secrets.
 */

/** Draws from one seed, in order. */
export interface Random {
  /** A number in [0, 1). */
  readonly next: () => number
  /** A whole number in [from, to], both included. */
  readonly int: (from: number, to: number) => number
  /** One element; fails on an empty list. */
  readonly pick: <A>(list: ReadonlyArray<A>) => A
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
  /** The elements in another order. */
  readonly shuffle: <A>(list: ReadonlyArray<A>) => Array<A>
  /** A generator of its own for a part of the run, so that more draws in one part do not change the others. */
  readonly fork: (name: string) => Random
}

/** Makes a generator; equal seeds draw equal numbers on every machine. */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    int,
    pick: (list) => {
      if (list.length === 0) throw new RangeError("There is nothing to pick from an empty list.")
      // The index is below the length, and the list is not empty.
      return list[int(0, list.length - 1)] as (typeof list)[number]
    },
    chance: (probability) => next() < probability,
    shuffle: (list) => {
      const left = [...list]
      return list.flatMap(() => left.splice(int(0, left.length - 1), 1))
    },
    fork: (name) => makeRandom(hash(name, seed))
  }
}

/** FNV-1a over the name, starting from the seed. */
const hash = (name: string, seed: number): number =>
  Array.from(name).reduce(
    (sum, character) => Math.imul(sum ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0,
    (0x811c9dc5 ^ seed) >>> 0
  )
