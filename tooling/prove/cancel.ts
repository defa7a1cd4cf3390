/**
 * Cancelling stops the work: a call that is interrupted is ended in the server itself, soon, over every transport. What
 * counts is the log of the server, not what the client believes. Some calls are interrupted while they are still on
 * their way; those must not run on either.
 */
import { Interaction, localCall } from "@signalbox/model"
import { type FxMcpEvent, makeRandom, type Random, waitFor } from "@signalbox/testing"
import { Deferred, Effect, Fiber } from "effect"
import { epochMillis, quantile } from "./measure.ts"
import { amountOf, atLeast, atMost, none, type Parts, type Proof, type ProofRun } from "./Proof.ts"
import { type Boxes, endLeftovers, folder, fx, fxHttp, httpServer, newMark, orchestrate } from "./servers.ts"

/** How long a call would run: so long that it never ends by itself here. Its number is added, which makes it its own. */
const callMillis = 300_000
/** How long a call that was not stopped is waited for. */
const patience = 2000

interface Target {
  readonly name: string
  readonly log: string
}

interface Cancelled {
  readonly target: Target
  readonly milliseconds: number
  /** Whether the server was seen to run it before. */
  readonly isRunning: boolean
  /** When it was interrupted. */
  readonly at: number
  /** What the next call on the same connection gave. */
  readonly next: string
}

const eras = ["2025", "2026"] as const

const flags = (era: string, log: string) => ({ era, log, tools: ["sleep", "echo"], progress: 1 })

const openTargets = Effect.fnUntraced(function* (parts: Parts, mark: string) {
  const logs = yield* folder
  const protocols = { "2025": "legacy", "2026": "2026-07-28" } as const
  const stdio = eras.map((era) => {
    const name = `stdio-${era}`
    const server = { protocol: protocols[era] }
    return { name, managed: fx(name, flags(era, logs.file(name)), mark, { server }) }
  })
  const http = yield* Effect.forEach(eras, (era) => {
    const name = `http-${era}`
    return Effect.map(fxHttp(flags(era, logs.file(name)), mark), ({ url }) => ({
      name,
      managed: httpServer(name, url)
    }))
  })
  const all = [...stdio, ...http]
  const boxes = yield* orchestrate(
    parts,
    all.map(({ managed }) => managed)
  )
  yield* boxes.settled
  return { boxes, targets: all.map(({ name }): Target => ({ name, log: logs.file(name) })) }
})

const cancelOne = Effect.fnUntraced(function* (boxes: Boxes, target: Target, number: number, random: Random) {
  const isRunning = number % 5 !== 4
  const pause = isRunning ? random.next() * 20 : random.next() * 4
  const milliseconds = callMillis + number
  const started = yield* Deferred.make<void>()
  const interaction = { ...Interaction.decline, progress: () => Effect.asVoid(Deferred.succeed(started, undefined)) }
  const fiber = yield* Effect.forkChild(
    boxes.toolbox.call(`${target.name}__sleep`, { milliseconds }, localCall({ interaction })),
    { startImmediately: true }
  )
  // A call that ends before it has begun shows in the log as one that never ran.
  if (isRunning) yield* Effect.raceFirst(Deferred.await(started), Effect.asVoid(Fiber.await(fiber)))
  yield* Effect.sleep(pause)
  const at = epochMillis()
  yield* Fiber.interrupt(fiber)
  const text = String(number)
  const next = yield* boxes.toolbox
    .call(`${target.name}__echo`, { text }, localCall())
    .pipe(Effect.timeout("10 seconds"), Effect.match({ onSuccess: () => "ok", onFailure: (error) => error.message }))
  return { target, milliseconds, isRunning, at, next }
})

/** When a cancelled call was over in the server: it was told, and its work had ended. */
interface Ending {
  readonly cancelled: Cancelled
  readonly start: FxMcpEvent | undefined
  readonly told: FxMcpEvent | undefined
  readonly end: FxMcpEvent | undefined
}

const endings = (all: ReadonlyArray<Cancelled>, parts: Parts): ReadonlyArray<Ending> => {
  const logs = new Map(all.map(({ target }) => [target.log, parts.readLog(target.log)]))
  return all.map((cancelled) => {
    const log = logs.get(cancelled.target.log) ?? []
    const start = log.find((event) => event.event === "call_start" && isCallOf(event, cancelled.milliseconds))
    const of = (kind: string) => log.find(({ event, id }) => event === kind && start !== undefined && id === start.id)
    return { cancelled, start, told: of("cancelled"), end: of("call_end") }
  })
}

const isCallOf = ({ arguments: input }: FxMcpEvent, milliseconds: number): boolean =>
  typeof input === "object" && input !== null && "milliseconds" in input && input.milliseconds === milliseconds

const isOver = ({ end, start, told }: Ending): boolean =>
  start === undefined || (end !== undefined && told !== undefined)

const nameOf = ({ cancelled }: Ending): string =>
  `${cancelled.target.name}, call with milliseconds ${cancelled.milliseconds}`

/** From the interruption; a call that began later counts from there. */
const latency = ({ cancelled, end, start, told }: Ending): number =>
  Math.max(told?.at ?? Infinity, end?.at ?? Infinity) - Math.max(cancelled.at, start?.at ?? 0)

const run = Effect.fnUntraced(function* ({ parts, say, ...run }: ProofRun) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const count = amountOf({ parts, say, ...run }, 1000, 24)
  const { boxes, targets } = yield* openTargets(parts, mark)
  const perTarget = Math.ceil(count / targets.length / 0.8)
  say(`cancels ${perTarget} calls on each of ${targets.map(({ name }) => name).join(", ")}`)
  const random = makeRandom(run.seed)
  const done = yield* Effect.forEach(
    targets,
    (target) => {
      const own = random.fork(target.name)
      return Effect.forEach(
        Array.from({ length: perTarget }, (_, index) => index),
        (number) =>
          Effect.tap(cancelOne(boxes, target, number, own), () =>
            Effect.sync(() => (number + 1) % 100 === 0 && say(`${target.name}: ${number + 1} of ${perTarget}`))
          )
      )
    },
    { concurrency: "unbounded" }
  )
  const all = done.flat()
  // What is still going on now has to stop within this time, or it does not stop.
  yield* Effect.promise(() =>
    waitFor(() => endings(all, parts).every(isOver), { description: "the ends of all calls", limitMs: patience }).catch(
      () => false
    )
  )
  const found = endings(all, parts)
  const running = found.filter(({ cancelled, start }) => cancelled.isRunning && start !== undefined)
  const latencies = running.map(latency)
  const worst = running.toSorted((a, b) => latency(b) - latency(a))[0]
  const p99 = quantile(latencies, 0.99)
  return {
    claims: [
      atLeast(
        "calls that were cancelled while the server ran them",
        running.length,
        count,
        "the server did not start them"
      ),
      none(
        "every server was told",
        found.filter(({ start, told }) => start !== undefined && told === undefined).map(nameOf),
        found.length
      ),
      none(
        "no call ran on",
        found.filter(({ end, start }) => start !== undefined && end?.outcome !== "cancelled").map(nameOf),
        found.length
      ),
      none(
        "the connection was usable after each",
        all
          .filter(({ next }) => next !== "ok")
          .map(({ milliseconds, next, target }) => `${target.name}, after ${milliseconds}: ${next}`),
        all.length
      ),
      atMost(
        "p99 from interruption to the end of the work",
        p99,
        250,
        "ms",
        worst === undefined ? "nothing was measured" : nameOf(worst)
      )
    ],
    numbers: {
      cancels: all.length,
      running: running.length,
      "never started": found.filter(({ start }) => start === undefined).length,
      "p50 ms": quantile(latencies, 0.5),
      "p99 ms": p99,
      "max ms": quantile(latencies, 1)
    }
  }
})

/** Cancelled calls end in the server. */
export const cancelProof: Proof = {
  description: "1,000 cancelled MCP calls end in the server itself, over stdio and HTTP, in both eras",
  limitSeconds: 180,
  run
}
