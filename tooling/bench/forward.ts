/**
 * What Signalbox adds to a request of the Messages API that it hands on byte for byte, beside what the least of all
 * proxies adds. Client, proxy and upstream are processes of their own; all that is compared is of the same run.
 */
import { Agent, request } from "node:http"
import type { Bench, BenchResult } from "./Bench.ts"
import { startFloor, startSignalbox, startUpstream } from "./programs.ts"
import { difference, median, ratio, type Round } from "./statistics.ts"

const body = (stream: boolean): string =>
  JSON.stringify({
    model: "claude-bench",
    max_tokens: 100,
    stream,
    messages: [{ role: "user", content: "How are the trains today?" }]
  })

interface Timing {
  readonly first: number
  readonly whole: number
}

/** A client with connections of its own. Rejects what is not answered with 200. */
const makeClient = (url: string, stream: boolean, clients: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const payload = body(stream)
  const options = {
    agent,
    method: "POST",
    headers: { "content-type": "application/json", "content-length": payload.length }
  }
  const ask = (): Promise<Timing> =>
    new Promise((resolve, reject) => {
      const started = performance.now()
      let first = 0
      const asked = request(`${url}/v1/messages`, options, (answer) => {
        answer.once("data", () => (first = performance.now() - started))
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve({ first, whole: performance.now() - started })
            : reject(new Error(`answered with ${answer.statusCode}`))
        )
        answer.on("error", reject)
      })
      asked.on("error", reject)
      asked.end(payload)
    })
  return { ask, close: () => agent.destroy() }
}

interface Load {
  readonly timings: ReadonlyArray<Timing>
  readonly errors: number
  /** By the clock, for all of them. */
  readonly millis: number
}

/** So many requests by so many clients, each of which asks again once it is answered. */
const load = async (
  url: string,
  options: { readonly stream: boolean; readonly clients: number; readonly requests: number }
): Promise<Load> => {
  const { ask, close } = makeClient(url, options.stream, options.clients)
  const timings: Array<Timing> = []
  let left = options.requests
  let errors = 0
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      // oxlint-disable-next-line no-await-in-loop -- a client asks one thing after the other
      await ask().then(
        (timing) => timings.push(timing),
        () => errors++
      )
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: options.clients }, client))
  const millis = performance.now() - started
  close()
  return { timings, errors, millis }
}

const quantile = (values: ReadonlyArray<number>, part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0

interface Sample {
  readonly direct: Load
  readonly floor: Load
  readonly signalbox: Load
}

type Targets = Readonly<Record<keyof Sample, string>>

/** All three, in an order that turns with every round. */
const sample = async (targets: Targets, round: number, options: Parameters<typeof load>[1]): Promise<Sample> => {
  const names = ["direct", "floor", "signalbox"] as const
  const loads: Partial<Record<keyof Sample, Load>> = {}
  for (const index of names.keys()) {
    const name = names[(index + round) % 3] ?? "direct"
    // oxlint-disable-next-line no-await-in-loop -- one after the other, or they would disturb each other
    loads[name] = await load(targets[name], options)
  }
  // Each name was its turn.
  return loads as Sample
}

const samples = async (
  targets: Targets,
  rounds: number,
  options: Parameters<typeof load>[1]
): Promise<ReadonlyArray<Sample>> => {
  const taken: Array<Sample> = []
  for (let round = -2; round < rounds; round++) {
    // oxlint-disable-next-line no-await-in-loop -- rounds follow each other
    const one = await sample(targets, round + 3, options)
    if (round >= 0) taken.push(one)
  }
  return taken
}

/** What one of them adds to asking the upstream itself. */
const added = (taken: ReadonlyArray<Sample>, of: (load: Load) => number): ReadonlyArray<Round> =>
  taken.map(({ direct, floor, signalbox }) => ({
    baseline: of(floor) - of(direct),
    candidate: of(signalbox) - of(direct)
  }))

const p50 = (field: keyof Timing) => (one: Load) =>
  quantile(
    one.timings.map((timing) => timing[field]),
    0.5
  )
const p99 = (field: keyof Timing) => (one: Load) =>
  quantile(
    one.timings.map((timing) => timing[field]),
    0.99
  )

const detailOf = (taken: ReadonlyArray<Sample>, unit: string, of: (load: Load) => number) => ({
  [`direct ${unit}`]: median(taken.map(({ direct }) => of(direct))),
  [`floor ${unit}`]: median(taken.map(({ floor }) => of(floor))),
  [`signalbox ${unit}`]: median(taken.map(({ signalbox }) => of(signalbox)))
})

const alone = async (targets: Targets): Promise<ReadonlyArray<BenchResult>> => {
  const whole = await samples(targets, 20, { stream: false, clients: 1, requests: 200 })
  const streamed = await samples(targets, 20, { stream: true, clients: 1, requests: 100 })
  const toFirst = added(streamed, p50("first"))
  return [
    {
      name: "a whole reply, added p50 over the floor's",
      unit: "ratio",
      measured: ratio(added(whole, p50("whole"))),
      budget: 2,
      rounds: whole.length,
      detail: detailOf(whole, "ms", p50("whole"))
    },
    {
      name: "a streamed reply, added p50 to its first byte",
      unit: "ms",
      measured: difference(toFirst.map(({ candidate }) => ({ baseline: 0, candidate }))),
      budget: 0.9,
      rounds: streamed.length,
      detail: detailOf(streamed, "ms", p50("first"))
    }
  ]
}

const crowded = async (targets: Targets): Promise<ReadonlyArray<BenchResult>> => {
  const results: Array<BenchResult> = []
  for (const [clients, stream] of [
    [32, false],
    [32, true]
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, or they would disturb each other
    const taken = await samples(targets, 10, { stream, clients, requests: 600 })
    const field = stream ? "first" : "whole"
    for (const [name, of, budget] of [
      ["p50", p50(field), 3],
      ["p99", p99(field), 15]
    ] as const) {
      results.push({
        name: `${stream ? "the first byte of a stream" : "a whole reply"} with ${clients} clients, added ${name}`,
        unit: "ms",
        measured: difference(added(taken, of).map(({ candidate }) => ({ baseline: 0, candidate }))),
        budget,
        rounds: taken.length,
        detail: detailOf(taken, "ms", of)
      })
    }
  }
  return results
}

const throughput = async (targets: Targets): Promise<ReadonlyArray<BenchResult>> => {
  const results: Array<BenchResult> = []
  for (const clients of [1, 8, 64, 256]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, or they would disturb each other
    const taken = await samples(targets, 6, { stream: false, clients, requests: 1000 })
    const perSecond = ({ millis, timings }: Load) => timings.length / (millis / 1000)
    results.push({
      name: `time for a request with ${clients} clients, over the floor`,
      unit: "ratio",
      measured: ratio(
        taken.map(({ floor, signalbox }) => ({ baseline: 1 / perSecond(floor), candidate: 1 / perSecond(signalbox) }))
      ),
      budget: 1.7,
      rounds: taken.length,
      detail: {
        ...detailOf(taken, "requests/s", perSecond),
        "signalbox errors": taken.reduce((sum, { signalbox }) => sum + signalbox.errors, 0)
      }
    })
  }
  return results
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  await using upstream = await startUpstream({ text: "They are on time.", usage: { inputTokens: 9, outputTokens: 5 } })
  await using floor = await startFloor(upstream.url)
  await using signalbox = await startSignalbox(upstream.url)
  const targets = { direct: upstream.url, floor: floor.url, signalbox: signalbox.url }
  return [...(await alone(targets)), ...(await crowded(targets)), ...(await throughput(targets))]
}

export const forwardBench: Bench = {
  description: "Messages handed on byte for byte, over the least of all proxies",
  run
}
