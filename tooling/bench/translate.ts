/**
 * What translating costs: a streamed answer of Chat Completions given as one of the Messages API, over one of Messages
 * that is handed on as it comes. Time on the processor in the server, for each piece of text. Where `/proc` is there.
 */
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, medians } from "./measure.ts"
import { cpuMicrosOf, type Program, startSignalbox, startUpstream } from "./programs.ts"
import { difference } from "./statistics.ts"

const pieces = 3000

/** The kernel counts in hundredths of a second, so a sample must be long beside that. */
const requestsInSample = 3

const ask = async (url: string): Promise<void> => {
  const messages = [{ role: "user", content: "Tell me all." }]
  const body = JSON.stringify({ model: "claude-bench", max_tokens: 100, stream: true, messages })
  const answer = await fetch(`${url}/v1/messages`, { method: "POST", body })
  const text = await answer.text()
  if (!text.includes("message_stop")) throw new Error(`The answer has no end: ${text.slice(0, 300)}`)
}

const perPiece =
  ({ pid, url }: Program) =>
  async (): Promise<number> => {
    const before = cpuMicrosOf(pid)
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let count = 0; count < requestsInSample; count++) await ask(url)
    return (cpuMicrosOf(pid) - before) / (requestsInSample * pieces)
  }

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  await using upstream = await startUpstream({ text: "some words here ".repeat(pieces), chunks: 16 })
  await using handing = await startSignalbox(upstream.url)
  await using translating = await startSignalbox(upstream.url, { provider: "openai" })
  const rounds = await alternate({
    rounds: 10,
    warmUp: 3,
    baseline: perPiece(handing),
    candidate: perPiece(translating)
  })
  return [
    {
      name: "a piece of a streamed answer of Chat Completions as Messages, CPU over handing it on",
      unit: "µs",
      measured: difference(rounds),
      budget: 15,
      rounds: rounds.length,
      detail: medians("handed on µs", "translated µs", rounds)
    }
  ]
}

export const translateBench: Bench = { description: "Chat Completions streamed as Messages, over handing on", run }
