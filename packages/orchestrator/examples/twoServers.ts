import * as NodeServices from "@effect/platform-node/NodeServices"
import { serverDefaults } from "@signalbox/mcp"
import { localCall, resultText } from "@signalbox/model"
import { managedDefaults, type ManagedServer, orchestratorDefaults, ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect, Layer, Logger } from "effect"

// fx-mcp stands in for any server here; a real one has a command such as `npx` and its arguments.
const stdio = (name: string, command: { command: string; args: Array<string> }): ManagedServer => ({
  ...managedDefaults.stdio,
  server: {
    ...serverDefaults,
    name,
    endpoint: { transport: "stdio", ...command, cwd: undefined, env: {}, inheritsEnv: false }
  }
})

const servers = ServerOrchestrator.layer({
  ...orchestratorDefaults,
  servers: [
    stdio("left", fxMcpCommand({ tools: ["add", "kill_self"] })),
    stdio("right", fxMcpCommand({ tools: ["add", "echo"] })),
    stdio("broken", { command: "no-such-command", args: [] })
  ],
  spawnConcurrency: 3,
  owner: undefined
})

const program = Effect.gen(function* () {
  const orchestrator = yield* ServerOrchestrator
  yield* orchestrator.settled

  for (const { name, reason, state } of yield* orchestrator.servers)
    console.log([name, state, reason?.code].join(" ").trim())
  const tools = yield* orchestrator.toolbox.list
  console.log(tools.map(({ name }) => name).join(" "))

  const call = (name: string, input = {}) => orchestrator.toolbox.call(name, input, localCall())
  console.log(resultText(yield* call("right__add", { a: 1, b: 2 })))

  const error = yield* Effect.flip(call("kill_self"))
  console.log(error.message)
  console.log(resultText(yield* call("left__add", { a: 3, b: 4 })))
})

// What the servers write, and warnings about the broken one, belong into a log and not here.
const quiet = Logger.layer([])
const layer = servers.pipe(Layer.provide(NodeServices.layer), Layer.provideMerge(quiet))
await Effect.runPromise(Effect.provide(program, layer))
// => left running
// => right running
// => broken error SERVER_SPAWN_FAILED
// => left__add kill_self right__add echo
// => 3
// => The call of "kill_self" on server "left" got no answer, so whether it ran is unknown: Server "left" was killed by SIGKILL.
// => 7
