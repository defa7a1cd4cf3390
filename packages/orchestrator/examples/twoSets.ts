import * as NodeServices from "@effect/platform-node/NodeServices"
import { serverDefaults } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer, orchestratorDefaults, ServerSets } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect, Layer, Logger, Redacted } from "effect"

// fx-mcp stands in for any server here; a real one has a command such as `npx` and its arguments.
const notes = (token: string): ManagedServer => ({
  ...managedDefaults.stdio,
  server: {
    ...serverDefaults,
    name: "notes",
    endpoint: {
      transport: "stdio",
      ...fxMcpCommand({ tools: ["env"] }),
      cwd: undefined,
      env: { NOTES_TOKEN: Redacted.make(token) },
      inheritsEnv: false
    }
  }
})

const program = Effect.gen(function* () {
  const sets = yield* ServerSets
  const anna = yield* sets.add("anna", [notes("token-of-anna")])
  yield* sets.add("bert", [notes("token-of-bert")])

  const { structuredContent } = yield* anna.orchestrator.toolbox.call("env", {}, localCall())
  console.log(Reflect.get(structuredContent ?? {}, "NOTES_TOKEN"))

  yield* sets.remove("bert")
  for (const [name, { connectedServers, state, totalServers }] of yield* sets.summary)
    console.log(name, state, `${connectedServers}/${totalServers}`)
})

const sets = ServerSets.layer({ ...orchestratorDefaults, spawnConcurrency: 3, owner: undefined })
const layer = sets.pipe(Layer.provide(NodeServices.layer), Layer.provideMerge(Logger.layer([])))
await Effect.runPromise(Effect.provide(program, layer))
// => token-of-anna
// => anna connected 1/1
