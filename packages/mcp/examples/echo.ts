import * as NodeServices from "@effect/platform-node/NodeServices"
import { connect, ParentEnvironment, serverDefaults, type StdioOptions } from "@signalbox/mcp"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"

const endpoint: StdioOptions = {
  transport: "stdio",
  command: "node",
  args: [fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js")), "stdio"],
  cwd: undefined,
  env: {},
  inheritsEnv: false
}
const everything = { ...serverDefaults, name: "everything", endpoint }

const program = Effect.gen(function* () {
  const client = yield* connect(everything)
  console.log(client.identity.name, client.identity.protocolVersion)

  const { problems, tools } = yield* client.listTools
  console.log(tools[0]?.name, problems.length)

  const { content } = yield* client.callTool({ name: "echo", input: { message: "hello" } })
  console.log(content[0]?.["text"])

  const error = yield* Effect.flip(connect({ ...everything, endpoint: { ...endpoint, command: "nodd" } }))
  console.log(error.code)
})

await Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provideService(ParentEnvironment, process.env), Effect.provide(NodeServices.layer))
)
// => mcp-servers/everything 2025-11-25
// => echo 0
// => Echo: hello
// => SERVER_SPAWN_FAILED
