/**
 * Start of several waiting servers: all of them through the orchestrator, over the slowest one alone through
 * the raw MCP SDK client; and what a hanging and a dead one cost the others.
 */
import { ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand, type FxMcpFlags } from "@signalbox/testing"
import { Effect, Stream } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { connectRaw } from "./connectRaw.ts"
import { alternate, medians, millisOf } from "./measure.ts"
import { orchestrate, stdioServer } from "./orchestrate.ts"
import { ratio } from "./statistics.ts"

/** How long a server waits after its program has loaded, as for a network. */
const shortWait = 300
/** So long that loading ten programs on two processors hardly counts beside it. */
const longWait = 3000

/** From spawning to the first list of tools of the last of `count` servers started at once, through the SDK alone. */
const rawStarts = async (count: number, wait = shortWait): Promise<number> => {
  const { args, command } = fxMcpCommand({ startupDelay: wait })
  await using all = new AsyncDisposableStack()
  // Awaited here: the servers are ended when this function ends.
  return await millisOf(() =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const client = all.use(await connectRaw(command, args))
        await client.listTools()
      })
    )
  )
}

const server = (name: string, flags: FxMcpFlags) => {
  const { args, command } = fxMcpCommand(flags)
  return stdioServer(name, command, args)
}

/** From nothing to `count` running servers; servers in `others` are started with them and not waited for. */
const start = (count: number, others: ReadonlyArray<ReturnType<typeof server>>, wait = shortWait): Promise<number> => {
  const waiting = Array.from({ length: count }, (_, index) => server(`s${index}`, { startupDelay: wait }))
  const servers = [...others, ...waiting]
  return Effect.runPromise(
    Effect.gen(function* () {
      const orchestrator = yield* ServerOrchestrator
      const started = process.hrtime.bigint()
      yield* Effect.forkScoped(orchestrator.startAll)
      const running = Effect.map(
        orchestrator.servers,
        (all) => all.filter((info) => info.state === "running").length >= count
      )
      // The list may have been complete before the first change was seen.
      yield* Stream.concat(Stream.succeed(undefined), orchestrator.changes).pipe(
        Stream.mapEffect(() => running),
        Stream.takeUntil((isDone) => isDone),
        Stream.runDrain
      )
      return Number(process.hrtime.bigint() - started) / 1e6
    }).pipe(Effect.scoped, Effect.provide(orchestrate(servers, false)))
  )
}

const rounds = 15
const longRounds = 7

const compare = (baseline: () => Promise<number>, candidate: () => Promise<number>, rounds: number) =>
  alternate({ rounds, warmUp: 1, baseline, candidate })

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const results: Array<BenchResult> = []
  for (const count of [2, 5, 10]) {
    const measured = await compare(
      () => rawStarts(1),
      () => start(count, []),
      rounds
    )
    results.push({
      name: `start of ${count} servers that wait 300 ms, over one through the raw SDK`,
      unit: "ratio",
      measured: ratio(measured),
      budget: 1.15,
      rounds,
      detail: medians("one raw ms", `${count} together ms`, measured)
    })
  }
  const long = await compare(
    () => rawStarts(1, longWait),
    () => start(10, [], longWait),
    longRounds
  )
  results.push({
    name: `start of 10 servers that wait ${longWait} ms, over one through the raw SDK`,
    unit: "ratio",
    measured: ratio(long),
    budget: 1.15,
    rounds: longRounds,
    detail: medians("one raw ms", "10 together ms", long)
  })
  const together = await compare(
    () => rawStarts(10),
    () => start(10, []),
    rounds
  )
  results.push({
    // What the machine allows: loading ten programs takes two processors longer than one.
    name: "start of 10 servers that wait 300 ms, over the same 10 at once through the raw SDK",
    unit: "ratio",
    measured: ratio(together),
    rounds,
    detail: medians("10 raw ms", "10 together ms", together)
  })
  for (const [wait, count] of [
    [shortWait, rounds],
    [longWait, longRounds]
  ] as const) {
    const disturbed = await compare(
      () => start(8, [], wait),
      () => start(8, [server("hanging", { hangInit: true }), server("dead", { exitAtStart: 1 })], wait),
      count
    )
    results.push({
      name: `start of 8 servers that wait ${wait} ms beside a hanging and a dead one, over without them`,
      unit: "ratio",
      measured: ratio(disturbed),
      budget: 1.05,
      rounds: count,
      detail: medians("without ms", "with ms", disturbed)
    })
  }
  return results
}

export const startBench: Bench = { description: "start of many servers, over the raw MCP SDK client", run }
