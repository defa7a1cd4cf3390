/**
 * What it costs to count a text again over counting it for the first time, its vocabulary being loaded: a conversation is
 * counted at each step, and only what is new in it should cost anything.
 */
import { TokenCounter } from "@signalbox/model/tokens"
import { Effect } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { cpuMillisOf, medians } from "./measure.ts"
import { ratio, type Round } from "./statistics.ts"

const textsInRound = 100
const lines = 40

/** No two of them are the same, or the second would be no first count. */
const textsOf = (round: number) =>
  Array.from({ length: textsInRound }, (_, text) =>
    Array.from(
      { length: lines },
      (_, line) => `Round ${round}, text ${text}: line ${line} says what there is to say.\n`
    ).join("")
  )

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const counter = await Effect.runPromise(TokenCounter.make())
  const countAll = (texts: ReadonlyArray<string>) =>
    cpuMillisOf(() => Effect.runPromise(Effect.forEach(texts, (text) => counter.countText(text), { discard: true })))
  const rounds: Array<Round> = []
  for (let round = -3; round < 15; round++) {
    const texts = textsOf(round)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const baseline = (await countAll(texts)) / textsInRound
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const candidate = (await countAll(texts)) / textsInRound
    if (round >= 0) rounds.push({ baseline, candidate })
  }
  return [
    {
      name: "counting a text of 2,000 characters again, over the first time",
      unit: "ratio",
      measured: ratio(rounds),
      budget: 0.01,
      rounds: rounds.length,
      detail: medians("first ms", "again ms", rounds)
    }
  ]
}

export const tokensBench: Bench = { description: "counting tokens again, over the first time", run }
