/**
 * A hundred servers start at once, cold, and every one of them comes up. Then the same beside twenty whose package is
 * fetched first: a stand-in named `npx` that waits as for a network and then becomes the server.
 */
import { fxMcpCommand } from "@signalbox/testing"
import type { ManagedServer } from "@signalbox/orchestrator"
import { Cause, Effect, Exit, Fiber } from "effect"
import { chmod, readFile, writeFile } from "node:fs/promises"
import { quantile } from "./measure.ts"
import { amountOf, atMost, type Claim, none, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, folder, fx, newMark, orchestrate, stdioServer } from "./servers.ts"
import { noProcessLeft } from "./traces.ts"

/** How long a package is fetched, in seconds. */
const fetchSeconds = 2

/** How the start of a set went. */
interface Start {
  readonly wallMillis: number
  readonly firstMillis: number
  readonly runningCount: number
  readonly failures: ReadonlyArray<string>
  /** Of this process and its children, from the beginning to the end of all. */
  readonly cpuMillis: number
  /** Runners that ran when the last of the others did. */
  readonly runnersBefore: number
}

/** A program of this name in a folder, which takes its time before it is the server. */
const writeRunner = (file: string) =>
  Effect.promise(async () => {
    const { args, command } = fxMcpCommand({ tools: ["echo"] })
    const words = [command, ...args].map((word) => `'${word}'`).join(" ")
    await writeFile(file, `#!/bin/sh\nsleep ${fetchSeconds}\nexec ${words}\n`)
    await chmod(file, 0o755)
    return { command: file, args: [] }
  })

/** Processor time in milliseconds, of this process and of all children that have ended; fields 14 to 17 of `proc_pid_stat(5)`. */
const cpuMillis = async (): Promise<number> => {
  const text = await readFile("/proc/self/stat", "utf8").catch(() => "")
  const ticks = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15)
    .map(Number)
  return ticks.reduce((sum, value) => sum + value, 0) * 10
}

const startAll = (run: ProofRun, servers: ReadonlyArray<ManagedServer>, runners: ReadonlyArray<ManagedServer>) =>
  Effect.gen(function* () {
    const cpuBefore = yield* Effect.promise(cpuMillis)
    const measured = yield* Effect.scoped(startScoped(run, servers, runners))
    return { ...measured, cpuMillis: (yield* Effect.promise(cpuMillis)) - cpuBefore }
  })

const names = (list: ReadonlyArray<ManagedServer>) => list.map(({ server }) => server.name)

const startScoped = Effect.fnUntraced(function* (
  run: ProofRun,
  servers: ReadonlyArray<ManagedServer>,
  runners: ReadonlyArray<ManagedServer>
) {
  // The runners come first, so that they would take the places of the others.
  const boxes = yield* orchestrate(run.parts, [...runners, ...servers], { startsAll: false })
  const from = performance.now()
  const start = (name: string) =>
    Effect.map(Effect.exit(boxes.start(name)), (exit) => ({ name, exit, atMillis: performance.now() - from }))
  const fetching = yield* Effect.forkScoped(Effect.forEach(names(runners), start, { concurrency: "unbounded" }), {
    startImmediately: true
  })
  const started = yield* Effect.forEach(names(servers), start, { concurrency: "unbounded" })
  const wallMillis = performance.now() - from
  const infos = yield* boxes.servers
  const runnersBefore = infos.filter(({ name, state }) => state === "running" && names(runners).includes(name)).length
  const fetched = yield* Fiber.join(fetching)
  const all = yield* boxes.servers
  return {
    wallMillis,
    firstMillis: quantile(
      started.map(({ atMillis }) => atMillis),
      0
    ),
    runningCount: all.filter(({ errorCount, state }) => state === "running" && errorCount === 0).length,
    failures: [...started, ...fetched].flatMap(({ exit, name }) =>
      Exit.isSuccess(exit) ? [] : [`${name}: ${Cause.pretty(exit.cause)}`]
    ),
    runnersBefore
  }
})

/** A small run is too noisy for a ratio; whoever waits for a package at all waits for most of a fetch. */
const holdUp = (aloneMillis: number, besideMillis: number, isFull: boolean): Claim => {
  const look = "StartGate: the lanes of package runners"
  return isFull
    ? atMost("time beside packages over time alone", besideMillis / aloneMillis, 1.25, "×", look)
    : atMost("time that packages hold up the others", besideMillis - aloneMillis, fetchSeconds * 500, "ms", look)
}

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const count = amountOf(run, 100, 6)
  const runnerCount = amountOf(run, 20, 3)
  const rounds = run.scale >= 1 ? 3 : 1
  const files = yield* folder
  const runner = yield* writeRunner(files.file("npx"))
  const servers = Array.from({ length: count }, (_, index) => fx(`server-${index}`, { tools: ["echo"] }, mark))
  const runners = Array.from({ length: runnerCount }, (_, index) => stdioServer(`runner-${index}`, runner, mark))
  const alone: Array<Start> = []
  const beside: Array<Start> = []
  for (let round = 1; round <= rounds; round++) {
    alone.push(yield* startAll(run, servers, []))
    run.say(`round ${round}: ${count} servers in ${alone.at(-1)?.wallMillis.toFixed(0)} ms`)
    beside.push(yield* startAll(run, servers, runners))
    run.say(`round ${round}: the same beside ${runnerCount} runners in ${beside.at(-1)?.wallMillis.toFixed(0)} ms`)
  }
  const wall = (starts: ReadonlyArray<Start>) =>
    quantile(
      starts.map(({ wallMillis }) => wallMillis),
      0.5
    )
  const failures = [...alone, ...beside].flatMap((start) => start.failures)
  const missing = [
    ...alone.filter(({ runningCount }) => runningCount !== count),
    ...beside.filter(({ runningCount }) => runningCount !== count + runnerCount)
  ].map(({ runningCount }) => `only ${runningCount} ran without ever having failed`)
  const claims: ReadonlyArray<Claim> = [
    none("every server started", failures, rounds * (2 * count + runnerCount)),
    none("all ran at the first attempt", missing),
    holdUp(wall(alone), wall(beside), run.scale >= 1),
    yield* noProcessLeft(mark)
  ]
  return {
    claims,
    numbers: {
      servers: count,
      runners: runnerCount,
      rounds,
      "wall ms": wall(alone),
      "first ready ms": quantile(
        alone.map(({ firstMillis }) => firstMillis),
        0.5
      ),
      "CPU ms a server": quantile(
        alone.map(({ cpuMillis }) => cpuMillis / count),
        0.5
      ),
      "runners ready by then": quantile(
        beside.map(({ runnersBefore }) => runnersBefore),
        0.5
      ),
      "wall ms beside runners": wall(beside)
    }
  }
})

/** Many servers start at once. */
export const coldStartProof: Proof = {
  description: "100 stdio servers start at once, alone and beside 20 whose package is fetched first",
  limitSeconds: 400,
  run
}
