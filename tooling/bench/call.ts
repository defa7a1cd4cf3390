/**
 * What Signalbox adds to a tool call: the same stdio server, called through the raw MCP SDK client and
 * through orchestrator and supervision.
 */
import { localCall } from "@signalbox/model"
import { ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { connectRaw, type RawClient } from "./connectRaw.ts"
import { alternate, cpuMillisOf, medians, millisOf } from "./measure.ts"
import { orchestrate, stdioServer } from "./orchestrate.ts"
import { difference, ratio } from "./statistics.ts"

type Caller = Pick<RawClient, "call">

const concurrently = (caller: Caller, count: number, width: number, tool: string, input: Record<string, unknown>) =>
  Promise.all(
    Array.from({ length: width }, async () => {
      for (let call = 0; call < count / width; call++) await caller.call(tool, input)
    })
  )

const callsInSample = { one: 20, many: 800, atOnce: 16 }

/** Calls of a tool that takes 1 ms, one after another, in µs. */
const slowCalls = (caller: Caller) => async () => {
  const took = await millisOf(async () => {
    for (let call = 0; call < callsInSample.one; call++) await caller.call("sleep", { milliseconds: 1 })
  })
  return (took * 1000) / callsInSample.one
}

/** Processor time of one of many quick calls, in µs. */
const quickCalls = (caller: Caller) => async () => {
  const { atOnce, many } = callsInSample
  return ((await cpuMillisOf(() => concurrently(caller, many, atOnce, "echo", { text: "hello" }))) * 1000) / many
}

const compare = async (raw: Caller, ours: Caller): Promise<ReadonlyArray<BenchResult>> => {
  const plan = { rounds: 40, warmUp: 5 }
  const slow = await alternate({ ...plan, baseline: slowCalls(raw), candidate: slowCalls(ours) })
  const quick = await alternate({ ...plan, baseline: quickCalls(raw), candidate: quickCalls(ours) })
  return [
    {
      name: "call of a tool that takes 1 ms, stdio, wall",
      unit: "ratio",
      measured: ratio(slow),
      budget: 1.15,
      rounds: slow.length,
      detail: medians("raw SDK µs", "Signalbox µs", slow)
    },
    {
      name: "read-only echo, stdio, CPU added per call",
      unit: "µs",
      measured: difference(quick),
      budget: 15,
      rounds: quick.length,
      detail: medians("raw SDK µs", "Signalbox µs", quick)
    }
  ]
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const { args, command } = fxMcpCommand()
  await using raw = await connectRaw(command, args)
  // Awaited here: the baseline is closed when this function ends.
  return await Effect.runPromise(
    Effect.gen(function* () {
      const orchestrator = yield* ServerOrchestrator
      yield* orchestrator.settled
      const context = yield* Effect.context()
      const call = localCall()
      const ours: Caller = {
        call: (tool, input) => Effect.runPromiseWith(context)(orchestrator.toolbox.call(tool, input, call))
      }
      return yield* Effect.promise(() => compare(raw, ours))
    }).pipe(Effect.provide(orchestrate([stdioServer("fx", command, args)])))
  )
}

export const callBench: Bench = { description: "a tool call, over the raw MCP SDK client", run }
