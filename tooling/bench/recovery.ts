/**
 * How long a server is gone when it is killed: from `kill -9` to the first call that is answered again. Beside it, what
 * a program must wait that starts the server anew at once, through the raw MCP SDK client.
 */
import { localCall } from "@signalbox/model"
import { ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { connectRaw } from "./connectRaw.ts"
import { alternate, medians, millisOf } from "./measure.ts"
import { orchestrate, stdioServer } from "./orchestrate.ts"
import { ratio, typical } from "./statistics.ts"

const { args, command } = fxMcpCommand({ tools: "echo" })

const input = { text: "hello" }

/** Kills the process and starts another one without waiting for anything. */
const byHand = async (): Promise<number> => {
  const first = await connectRaw(command, args)
  await first.call("echo", input)
  if (first.pid !== undefined) process.kill(first.pid, "SIGKILL")
  const took = await millisOf(async () => {
    await using second = await connectRaw(command, args)
    await second.call("echo", input)
  })
  await first[Symbol.asyncDispose]()
  return took
}

const bySignalbox = (): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { settled, server, toolbox } = yield* ServerOrchestrator
      yield* settled
      yield* toolbox.call("echo", input, localCall())
      const { pid } = yield* server("fx")
      if (pid === undefined) return yield* Effect.die("the server does not run")
      const context = yield* Effect.context()
      const call = Effect.eventually(toolbox.call("echo", input, localCall()))
      return yield* Effect.promise(() => {
        process.kill(pid, "SIGKILL")
        return millisOf(() => Effect.runPromiseWith(context)(call))
      })
    }).pipe(Effect.provide(orchestrate([stdioServer("fx", command, args)])))
  )

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const rounds = await alternate({ rounds: 20, warmUp: 2, baseline: byHand, candidate: bySignalbox })
  const common = { rounds: rounds.length, detail: medians("by hand ms", "Signalbox ms", rounds) }
  return [
    {
      name: "from kill -9 of a server to the next answered call",
      unit: "ms",
      measured: typical(rounds.map(({ candidate }) => candidate)),
      budget: 1000,
      ...common
    },
    {
      name: "the same, over starting the server by hand through the raw SDK",
      unit: "ratio",
      measured: ratio(rounds),
      ...common
    }
  ]
}

export const recoveryBench: Bench = { description: "kill -9 of a server until its calls work again", run }
