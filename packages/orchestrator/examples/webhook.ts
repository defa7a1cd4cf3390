import * as NodeServices from "@effect/platform-node/NodeServices"
import { serverDefaults } from "@signalbox/mcp"
import { Alert, managedDefaults, orchestratorDefaults, ServerOrchestrator } from "@signalbox/orchestrator"
import { Duration, Effect, Layer, Logger, Queue, Schedule, Schema, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { createServer } from "node:http"

/** Posts an alert as JSON. A webhook that is gone costs this alert, not the next one. */
const postTo = (url: string) => (alert: Alert) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.schemaBodyJson(Alert)(alert),
    Effect.flatMap(HttpClient.execute),
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.timeout("5 seconds"),
    Effect.retry({ schedule: Schedule.exponential("100 millis"), times: 2 }),
    Effect.catch((error) => Effect.logWarning("An alert was not delivered", error))
  )

/** Stands in for the service that takes alerts; it fails at the first one. */
const receiver = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly posts: Queue.Queue<Alert>; readonly close: () => void }>(
    (resume) => {
      const posts = Effect.runSync(Queue.unbounded<Alert>())
      let count = 0
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const isFirst = count++ === 0
          response.writeHead(isFirst ? 503 : 204).end()
          const body = Buffer.concat(chunks).toString("utf8")
          if (!isFirst) Queue.offerUnsafe(posts, Schema.decodeSync(Schema.fromJsonString(Alert))(body))
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" ? address?.port : undefined
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/alerts`, posts, close: () => void server.close() }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

const servers = ServerOrchestrator.layer({
  ...orchestratorDefaults,
  servers: [
    {
      ...managedDefaults.stdio,
      server: {
        ...serverDefaults,
        name: "broken",
        endpoint: {
          transport: "stdio",
          command: "no-such-command",
          args: [],
          cwd: undefined,
          env: {},
          inheritsEnv: false
        }
      }
    }
  ],
  startsAll: false,
  alerts: {
    ...orchestratorDefaults.alerts,
    rules: [{ kind: "server-lost", severity: "critical", after: Duration.zero }]
  },
  spawnConcurrency: 3,
  owner: undefined
})

const show = ({ kind, severity, status, subject }: Alert) => console.log(status, severity, kind, subject)

const program = Effect.gen(function* () {
  const orchestrator = yield* ServerOrchestrator
  const { posts, url } = yield* receiver
  yield* Effect.forkScoped(Stream.runForEach(orchestrator.alerts, postTo(url)), { startImmediately: true })

  yield* Effect.flip(orchestrator.start("broken"))
  show(yield* Queue.take(posts))
  yield* orchestrator.stop("broken")
  show(yield* Queue.take(posts))
})

// Warnings about the broken server belong into a log and not here.
const around = Layer.mergeAll(NodeServices.layer, FetchHttpClient.layer, Logger.layer([]))
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Layer.provideMerge(servers, around))))
// => raised critical server-lost broken
// => resolved critical server-lost broken
