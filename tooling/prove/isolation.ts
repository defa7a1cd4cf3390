/**
 * A bad server costs the others nothing: the time of calls to healthy servers, with and without servers beside them of
 * which one does not answer its calls, one never comes up, and one dies again and again. Rounds with and without take
 * turns, in one run. A server is compared with itself: over stdio and over HTTP calls take different times, and a median
 * over both would fall between the two and swing with every call.
 */
import { type Interval, median, typicalRatio } from "@signalbox/bench/statistics"
import { localCall } from "@signalbox/model"
import { waitFor } from "@signalbox/testing"
import { Effect, Fiber } from "effect"
import { quantile } from "./measure.ts"
import { amountOf, atMost, type Claim, none, type Proof, type ProofRun } from "./Proof.ts"
import { type Boxes, endLeftovers, fx, fxHttp, httpServer, newMark, orchestrate } from "./servers.ts"

const budget = 1.05
const healthy = ["stdio-a", "stdio-b", "http-a", "http-b"]
const bad = ["silent", "never-up", "crashing"]
/** Calls of a sample, to each healthy server. */
const calls = 40
/** Between two calls, in milliseconds: a sample is to be longer than the start of a process that dies again. */
const between = 3
/** Calls to the silent one that wait for their answers meanwhile. */
const hangingCalls = 4

const open = Effect.fnUntraced(function* ({ parts }: ProofRun, mark: string) {
  const flags = { tools: ["echo"] }
  const a = yield* fxHttp({ ...flags, era: "2025" }, mark)
  const b = yield* fxHttp({ ...flags, era: "2026" }, mark)
  const servers = [
    fx("stdio-a", flags, mark),
    fx("stdio-b", flags, mark),
    httpServer("http-a", a.url),
    httpServer("http-b", b.url),
    fx("silent", { tools: ["echo"], fault: ["never"] }, mark),
    fx("never-up", { hangInit: true }, mark),
    fx("crashing", { exitAtStart: 1 }, mark)
  ]
  const boxes = yield* orchestrate(parts, servers, { startsAll: false })
  yield* Effect.forEach(healthy, (name) => Effect.orDie(boxes.start(name)))
  return boxes
})

const echo = (boxes: Boxes, name: string) => boxes.toolbox.call(`${name}__echo`, { text: "hello" }, localCall())

/** A call to one of the healthy ones, and how long it took. */
interface TimedCall {
  readonly name: string
  readonly millis: number
}

/** Calls to the healthy ones, in turns. */
const sample = (boxes: Boxes) =>
  Effect.forEach(Array.from({ length: calls }, () => healthy).flat(), (name) =>
    Effect.suspend(() => {
      const from = performance.now()
      const took = Effect.map(Effect.orDie(echo(boxes, name)), (): TimedCall => ({
        name,
        millis: performance.now() - from
      }))
      return Effect.tap(took, () => Effect.sleep(between))
    })
  )

const millisOf = (times: ReadonlyArray<TimedCall>): ReadonlyArray<number> => times.map(({ millis }) => millis)

/** The middle of the calls to each, as the mean of their logarithms: ratios of these are means of ratios. */
const levelOf = (times: ReadonlyArray<TimedCall>): number =>
  healthy
    .map((name) => Math.log(median(millisOf(times.filter((call) => call.name === name)))))
    .reduce((sum, log) => sum + log / healthy.length, 0)

/** How much longer calls took than just before and just after: what the machine does meanwhile weighs on both. */
const ratioOf = (
  within: ReadonlyArray<TimedCall>,
  before: ReadonlyArray<TimedCall>,
  after: ReadonlyArray<TimedCall>
): number => Math.exp(levelOf(within) - (levelOf(before) + levelOf(after)) / 2)

const errorsOf = (boxes: Boxes) => Effect.map(Effect.orDie(boxes.server("crashing")), ({ errorCount }) => errorCount)

/** Starts the bad ones, measures while they are as bad as they can be, and stops them. Answers how often one died too. */
const beside = Effect.fnUntraced(function* (boxes: Boxes) {
  const before = yield* errorsOf(boxes)
  // They fail, or never come up: nobody waits for them.
  const starting = yield* Effect.forEach(bad, (name) => Effect.forkChild(Effect.exit(boxes.start(name))))
  const running = Effect.map(boxes.servers, (all) =>
    all.some(({ name, state }) => name === "silent" && state === "running")
  )
  const isBad = Effect.gen(function* () {
    return (yield* errorsOf(boxes)) > before && (yield* running)
  })
  yield* Effect.promise(() => waitFor(() => Effect.runPromise(isBad), { description: "servers to be bad" }))
  const hanging = yield* Effect.forEach(Array.from({ length: hangingCalls }), () =>
    Effect.forkChild(Effect.exit(echo(boxes, "silent")), { startImmediately: true })
  )
  const times = yield* sample(boxes)
  const deaths = (yield* errorsOf(boxes)) - before
  // Whether one was running makes no difference.
  yield* Effect.forEach(bad, (name) => Effect.ignore(boxes.stop(name)), { concurrency: "unbounded" })
  yield* Fiber.awaitAll([...starting, ...hanging])
  return { times, deaths }
})

/** A full run has to show that the budget is kept; a small one can only show that it is not. */
const claimOf = (interval: Interval, isFull: boolean): Claim => {
  const { high, low, value } = interval
  const held = isFull ? high : low
  const name = isFull ? "time of a call beside bad servers, bad end" : "time of a call beside bad servers, good end"
  const claim = atMost(
    name,
    held,
    budget,
    "×",
    "calls to the healthy servers wait for something that the bad ones hold"
  )
  const verdict = high <= budget ? "" : low <= budget ? ", not decided by so few rounds" : ", a miss"
  return { ...claim, found: `${value.toFixed(3)} × [${low.toFixed(3)}, ${high.toFixed(3)}]${verdict}` }
}

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const boxes = yield* open(run, mark)
  const rounds = amountOf(run, 80, 5)
  const without: Array<ReadonlyArray<TimedCall>> = []
  const within: Array<ReadonlyArray<TimedCall>> = []
  const ratios: Array<number> = []
  let deaths = 0
  yield* sample(boxes)
  let before = yield* sample(boxes)
  for (let round = 0; round < rounds; round++) {
    const found = yield* beside(boxes)
    const after = yield* sample(boxes)
    ratios.push(ratioOf(found.times, before, after))
    without.push(after)
    within.push(found.times)
    deaths += found.deaths
    before = after
    if (round % 10 === 9) run.say(`${round + 1} of ${rounds} rounds`)
  }
  const infos = yield* boxes.servers
  const harmed = infos.filter(({ errorCount, name }) => healthy.includes(name) && errorCount > 0)
  return {
    claims: [
      claimOf(typicalRatio(ratios), run.scale >= 1),
      none(
        "no healthy server failed",
        harmed.map(({ lastError, name }) => `${name}: ${lastError?.message}`),
        healthy.length
      ),
      none("the crashing one died in every round", deaths >= rounds ? [] : [`${deaths} deaths in ${rounds} rounds`])
    ],
    numbers: {
      rounds,
      deaths,
      "p50 ms without": quantile(millisOf(without.flat()), 0.5),
      "p50 ms with": quantile(millisOf(within.flat()), 0.5),
      "p99 ms without": quantile(millisOf(without.flat()), 0.99),
      "p99 ms with": quantile(millisOf(within.flat()), 0.99)
    }
  }
})

/** Bad servers cost the others nothing. */
export const isolationProof: Proof = {
  description: "the time of calls to healthy servers, with and without a hanging and a crashing one beside them",
  limitSeconds: 480,
  run
}
