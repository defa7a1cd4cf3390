/**
 * What Signalbox adds to a tool call: the same stdio server, called through the raw MCP SDK client and
 * through orchestrator and supervision.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { serverDefaults } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults, orchestratorDefaults, ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect, Layer } from "effect"
import { type Bench, type BenchResult } from "./Bench.ts"
import { silent } from "./silent.ts"
import { difference, median, ratio, type Round } from "./statistics.ts"

interface Caller {
  readonly call: (tool: string, input: Record<string, unknown>) => Promise<unknown>
}

const rawCaller = async (command: string, args: ReadonlyArray<string>): Promise<Caller & AsyncDisposable> => {
  const client = new Client({ name: "bench", version: "0.0.0" })
  await client.connect(new StdioClientTransport({ command, args: [...args], stderr: "ignore" }))
  return {
    call: (name, input) => client.callTool({ name, arguments: input }),
    [Symbol.asyncDispose]: () => client.close()
  }
}

const orchestratorLayer = (command: string, args: ReadonlyArray<string>) =>
  ServerOrchestrator.layer({
    ...orchestratorDefaults,
    servers: [
      {
        ...managedDefaults.stdio,
        maxConcurrent: 64,
        server: {
          ...serverDefaults,
          name: "fx",
          endpoint: { transport: "stdio", command, args, cwd: undefined, env: {}, inheritsEnv: false }
        }
      }
    ],
    spawnConcurrency: 3,
    owner: undefined,
    sweepsOrphans: false
  }).pipe(Layer.provide(NodeServices.layer))

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

const wall = async (run: () => Promise<unknown>): Promise<number> => {
  const started = process.hrtime.bigint()
  await run()
  return Number(process.hrtime.bigint() - started) / 1000
}

const cpu = async (run: () => Promise<unknown>): Promise<number> => {
  const started = cpuMicros()
  await run()
  return cpuMicros() - started
}

const concurrently = (caller: Caller, count: number, width: number, tool: string, input: Record<string, unknown>) =>
  Promise.all(
    Array.from({ length: width }, async () => {
      for (let call = 0; call < count / width; call++) await caller.call(tool, input)
    })
  )

const measure = async (
  rounds: number,
  baseline: Caller,
  candidate: Caller,
  sample: (caller: Caller) => Promise<number>
): Promise<ReadonlyArray<Round>> => {
  const results: Array<Round> = []
  for (let round = -5; round < rounds; round++) {
    const isEven = round % 2 === 0
    const first = await sample(isEven ? baseline : candidate)
    const second = await sample(isEven ? candidate : baseline)
    if (round >= 0)
      results.push(isEven ? { baseline: first, candidate: second } : { baseline: second, candidate: first })
  }
  return results
}

const detail = (rounds: ReadonlyArray<Round>) => ({
  "raw SDK": median(rounds.map((round) => round.baseline)),
  Signalbox: median(rounds.map((round) => round.candidate))
})

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const { args, command } = fxMcpCommand()
  await using baseline = await rawCaller(command, args)
  const compare = (candidate: Caller) => async (): Promise<ReadonlyArray<BenchResult>> => {
    const slow = await measure(40, baseline, candidate, (caller) =>
      wall(async () => {
        for (let call = 0; call < 20; call++) await caller.call("sleep", { milliseconds: 1 })
      })
    )
    const width = 16
    const calls = 800
    const echo = await measure(40, baseline, candidate, async (caller) => {
      const used = await cpu(() => concurrently(caller, calls, width, "echo", { text: "hello" }))
      return used / calls
    })
    return [
      {
        name: "call of a tool that takes 1 ms, stdio, wall",
        unit: "ratio",
        measured: ratio(slow),
        budget: 1.15,
        rounds: slow.length,
        detail: detail(slow)
      },
      {
        name: "read-only echo, stdio, CPU added per call",
        unit: "µs",
        measured: difference(echo),
        budget: 15,
        rounds: echo.length,
        detail: detail(echo)
      }
    ]
  }
  // Awaited here: the baseline is closed when this function ends.
  return await Effect.runPromise(
    Effect.gen(function* () {
      const orchestrator = yield* ServerOrchestrator
      yield* orchestrator.settled
      const context = yield* Effect.context()
      const call = localCall()
      const candidate: Caller = {
        call: (tool, input) => Effect.runPromiseWith(context)(orchestrator.toolbox.call(tool, input, call))
      }
      return yield* Effect.promise(compare(candidate))
    }).pipe(Effect.provide(Layer.provideMerge(orchestratorLayer(command, args), silent)))
  )
}

export const callBench: Bench = { description: "a tool call, over the raw MCP SDK client", run }
