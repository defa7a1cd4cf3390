/**
 * What it is worth to keep a connection: a call on one that is open, over a call that opens and closes its own. And what
 * it weighs: fifty calls on one server process, over fifty that are left open.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { connect, serverDefaults, type ServerOptions } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer, ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand, startFxMcpHttp } from "@signalbox/testing"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, medians, millisOf } from "./measure.ts"
import { orchestrate, stdioServer } from "./orchestrate.ts"
import { silent } from "./silent.ts"
import { ratio } from "./statistics.ts"

const call = { name: "echo", input: { text: "hello" } }
const platform = Layer.merge(NodeServices.layer, silent)

const fresh = (server: ServerOptions) =>
  Effect.scoped(Effect.flatMap(connect(server), (client) => client.callTool(call))).pipe(Effect.provide(platform))

const callsInSample = 20

/** A call on the connection that an orchestrator keeps, in ms. */
const kept = (managed: ManagedServer) =>
  Effect.gen(function* () {
    const { settled, toolbox } = yield* ServerOrchestrator
    yield* settled
    const context = yield* Effect.context()
    const once = toolbox.call(call.name, call.input, localCall())
    const sample = async () => {
      const took = await millisOf(async () => {
        for (let index = 0; index < callsInSample; index++) await Effect.runPromiseWith(context)(once)
      })
      return took / callsInSample
    }
    return yield* Effect.promise(() =>
      alternate({
        rounds: 20,
        warmUp: 2,
        baseline: () => millisOf(() => Effect.runPromise(fresh(managed.server))),
        candidate: sample
      })
    )
  }).pipe(Effect.provide(orchestrate([managed])), Effect.runPromise)

const compare = async (name: string, managed: ManagedServer, budget?: number): Promise<BenchResult> => {
  const rounds = await kept(managed)
  return {
    name: `call on a kept connection over one with its own, ${name}`,
    unit: "ratio",
    measured: ratio(rounds),
    ...(budget === undefined ? {} : { budget }),
    rounds: rounds.length,
    detail: medians("own connection ms", "kept connection ms", rounds)
  }
}

const overHttp = async (name: string, era: "2025" | "2026", budget?: number): Promise<BenchResult> => {
  const web = await startFxMcpHttp({ era, tools: "echo" })
  try {
    const server = {
      ...serverDefaults,
      name: "web",
      endpoint: { transport: "http", url: web.url, headers: {} }
    } as const
    return await compare(name, { ...managedDefaults.http, server }, budget)
  } finally {
    await web.close()
  }
}

const { args, command } = fxMcpCommand({ tools: "echo" })
const atOnce = 50

/** What a process holds in memory that is its own, in kB: what programs share is counted once by the system. */
const privateKilobytes = (pid: number): number =>
  [...readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].reduce(
    (sum, [, kilobytes]) => sum + Number(kilobytes),
    0
  )

const weigh = (pids: ReadonlyArray<number | undefined>): number =>
  [process.pid, ...pids].reduce<number>((sum, pid) => sum + (pid === undefined ? 0 : privateKilobytes(pid)), 0)

const opened = Effect.gen(function* () {
  const { server } = stdioServer("fx", command, args)
  const clients = yield* Effect.forEach(Array.from({ length: atOnce }), () => connect(server), { concurrency: 4 })
  yield* Effect.forEach(clients, (client) => client.callTool(call), { discard: true })
  return weigh(clients.map(({ identity }) => identity.pid))
}).pipe(Effect.scoped, Effect.provide(platform))

const shared = Effect.gen(function* () {
  const { server, settled, toolbox } = yield* ServerOrchestrator
  yield* settled
  for (let index = 0; index < atOnce; index++) yield* toolbox.call(call.name, call.input, localCall())
  return weigh([(yield* server("fx")).pid])
}).pipe(Effect.provide(orchestrate([stdioServer("fx", command, args)])))

const memory = async (): Promise<BenchResult> => {
  const rounds = await alternate({
    rounds: 5,
    warmUp: 1,
    baseline: () => Effect.runPromise(opened),
    candidate: () => Effect.runPromise(shared)
  })
  return {
    name: `memory of client and servers for ${atOnce} calls, one server process over ${atOnce}`,
    unit: "ratio",
    measured: ratio(rounds),
    budget: 0.6,
    rounds: rounds.length,
    detail: medians(`${atOnce} processes kB`, "one process kB", rounds)
  }
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => [
  await compare("stdio", stdioServer("fx", command, args), 0.05),
  await overHttp("HTTP with sessions", "2025", 0.3),
  // Without sessions there is little to keep: the handshake is one request.
  await overHttp("HTTP without sessions", "2026"),
  ...(process.platform === "linux" ? [await memory()] : [])
]

export const reuseBench: Bench = { description: "a connection that is kept, over one for each call; memory", run }
