/**
 * How much memory an answer takes that is only handed on: the peak of the server after a streamed reply of 50 MB, less
 * that after one of 1 MB, each in a fresh process; beside what the least of all proxies takes, since Node gives the
 * bytes that it has read back late. Where `/proc` is there.
 */
import { readFileSync } from "node:fs"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, medians } from "./measure.ts"
import { type Program, startFloor, startSignalbox, startUpstream } from "./programs.ts"
import { difference } from "./statistics.ts"

const megabytes = (size: number) => "x".repeat(size * 1_000_000)

const script = [
  { when: { lastUserTextContains: "large" }, reply: { text: megabytes(50), chunks: 16_384 } },
  { when: { lastUserTextContains: "small" }, reply: { text: megabytes(1), chunks: 16_384 } }
]

/** The most that a process has ever had in memory, in MB. */
const peakOf = (pid: number): number =>
  Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1000

/** Reads an answer without keeping it, and rejects one that is not as long as it should be. */
const drain = async (url: string, what: string, atLeast: number): Promise<void> => {
  const messages = [{ role: "user", content: what }]
  const body = JSON.stringify({ model: "claude-bench", max_tokens: 100, stream: true, messages })
  const answer = await fetch(`${url}/v1/messages`, { method: "POST", body })
  let length = 0
  for await (const piece of answer.body ?? []) length += piece.length
  if (length < atLeast) throw new Error(`${what}: ${length} bytes came, with status ${answer.status}`)
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  await using upstream = await startUpstream(script)
  const peakAfter =
    (start: (upstream: string) => Promise<Program>, what: string, atLeast: number) => async (): Promise<number> => {
      await using program = await start(upstream.url)
      await drain(program.url, what, atLeast)
      return peakOf(program.pid)
    }
  const growthOf = (start: (upstream: string) => Promise<Program>) =>
    alternate({
      rounds: 3,
      warmUp: 0,
      baseline: peakAfter(start, "small", 1_000_000),
      candidate: peakAfter(start, "large", 50_000_000)
    })
  const rounds = await growthOf(startSignalbox)
  const floor = await growthOf(startFloor)
  return [
    {
      name: "a streamed reply of 50 MB that is handed on, peak memory over one of 1 MB",
      unit: "MB",
      measured: difference(rounds),
      budget: 10,
      rounds: rounds.length,
      detail: {
        ...medians("1 MB: peak MB", "50 MB: peak MB", rounds),
        ...medians("floor, 1 MB: peak MB", "floor, 50 MB: peak MB", floor)
      }
    }
  ]
}

export const streamMemoryBench: Bench = { description: "peak memory for a stream of 50 MB, over one of 1 MB", run }
