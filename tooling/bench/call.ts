/**
 * What Signalbox adds to a tool call: the same server, over stdio and over HTTP, called through the raw MCP SDK client
 * and through orchestrator and supervision.
 */
import { localCall } from "@signalbox/model"
import { ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand, startFxMcpHttp } from "@signalbox/testing"
import { Effect } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { connectRaw, connectRawHttp, type RawClient } from "./connectRaw.ts"
import { alternate, cpuMillisOf, medians, millisOf } from "./measure.ts"
import { httpServer, orchestrate, stdioServer } from "./orchestrate.ts"
import { difference, ratio } from "./statistics.ts"

type Caller = Pick<RawClient, "call">

const concurrently = (caller: Caller, count: number, width: number, tool: string, input: Record<string, unknown>) =>
  Promise.all(
    Array.from({ length: width }, async () => {
      for (let call = 0; call < count / width; call++) await caller.call(tool, input)
    })
  )

const callsInSample = { one: 20, many: 4000, atOnce: 16 }

/** Calls of a tool that takes 1 ms, one after another, in µs. */
const slowCalls = (caller: Caller) => async () => {
  const took = await millisOf(async () => {
    for (let call = 0; call < callsInSample.one; call++) await caller.call("sleep", { milliseconds: 1 })
  })
  return (took * 1000) / callsInSample.one
}

/** Processor time of one of many quick calls, in µs. Many, because what is cleaned up after them is a part of it. */
const quickCalls =
  (caller: Caller, many = callsInSample.many) =>
  async () =>
    ((await cpuMillisOf(() => concurrently(caller, many, callsInSample.atOnce, "echo", { text: "hello" }))) * 1000) /
    many

const compareSlow = async (raw: Caller, ours: Caller): Promise<BenchResult> => {
  const rounds = await alternate({ rounds: 40, warmUp: 5, baseline: slowCalls(raw), candidate: slowCalls(ours) })
  return {
    name: "call of a tool that takes 1 ms, stdio, wall",
    unit: "ratio",
    measured: ratio(rounds),
    budget: 1.15,
    rounds: rounds.length,
    detail: medians("raw SDK µs", "Signalbox µs", rounds)
  }
}

const compareQuick = async (
  transport: string,
  budget: number,
  baseline: () => Promise<number>,
  candidate: () => Promise<number>
): Promise<BenchResult> => {
  const rounds = await alternate({ rounds: 30, warmUp: 5, baseline, candidate })
  return {
    name: `read-only echo, ${transport}, CPU added per call`,
    unit: "µs",
    measured: difference(rounds),
    budget,
    rounds: rounds.length,
    detail: medians("raw SDK µs", "Signalbox µs", rounds)
  }
}

/** What compares a raw client with the caller that an orchestrator of this one server is. */
const beside = (
  server: Parameters<typeof orchestrate>[0][number],
  compare: (ours: Caller) => Promise<ReadonlyArray<BenchResult>>
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const orchestrator = yield* ServerOrchestrator
      yield* orchestrator.settled
      const context = yield* Effect.context()
      const call = localCall()
      const ours: Caller = {
        call: (tool, input) => Effect.runPromiseWith(context)(orchestrator.toolbox.call(tool, input, call))
      }
      return yield* Effect.promise(() => compare(ours))
    }).pipe(Effect.provide(orchestrate([server])))
  )

const overStdio = async (): Promise<ReadonlyArray<BenchResult>> => {
  const { args, command } = fxMcpCommand()
  await using raw = await connectRaw(command, args)
  // Awaited here: the baseline is closed when this function ends.
  return await beside(stdioServer("fx", command, args), async (ours) => [
    await compareSlow(raw, ours),
    await compareQuick("stdio", 15, quickCalls(raw), quickCalls(ours))
  ])
}

const overHttp = async (): Promise<ReadonlyArray<BenchResult>> => {
  const web = await startFxMcpHttp({ tools: "echo" })
  try {
    await using raw = await connectRawHttp(web.url)
    // A request over HTTP takes some ten times as long.
    const many = callsInSample.many / 10
    return await beside(httpServer("web", web.url), async (ours) => [
      await compareQuick("HTTP", 30, quickCalls(raw, many), quickCalls(ours, many))
    ])
  } finally {
    await web.close()
  }
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => [...(await overStdio()), ...(await overHttp())]

export const callBench: Bench = { description: "a tool call, over the raw MCP SDK client", run }
