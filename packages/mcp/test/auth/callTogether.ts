/** A process of its own with a login: connects, says so, and calls a tool five times at once when it is told to. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { connect, layerTokenFiles } from "@signalbox/mcp"
import { Effect, Layer } from "effect"
import { once } from "node:events"
import { echo, httpServer } from "../fixture.ts"

const [url = "", tokens = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const client = yield* connect(httpServer(url))
  process.stdout.write("ready\n")
  yield* Effect.promise(() => once(process.stdin, "data"))
  const results = yield* Effect.all(
    Array.from({ length: 5 }, () => client.callTool(echo)),
    { concurrency: "unbounded" }
  )
  process.stdout.write(`${results.filter(({ isError }) => !isError).length}\n`)
}).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(layerTokenFiles(tokens), NodeServices.layer)))

await Effect.runPromise(program)
process.exit(0)
