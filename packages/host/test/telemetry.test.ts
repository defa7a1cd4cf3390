import { assert, layer } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall } from "@signalbox/model"
import { Alert } from "@signalbox/orchestrator"
import { waitFor } from "@signalbox/testing"
import { Effect, Schema } from "effect"
import { createServer } from "node:http"
import { configWith, fxServer, setupFor } from "./support.ts"

interface Seen {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Takes whatever is posted to it. It answers with this status, or never. */
const receiver = (status: number | "never") =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          seen.push({
            path: request.url ?? "",
            headers: request.headers,
            body: Buffer.concat(chunks).toString("utf8")
          })
          if (status !== "never") response.writeHead(status, { "content-type": "application/json" }).end("{}")
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" ? address?.port : undefined
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, seen, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const until = (description: string, look: () => boolean) => Effect.promise(() => waitFor(look, { description }))

const echo = (host: Host["Service"]) =>
  Effect.andThen(host.orchestrator.settled, host.toolbox.call("echo", { text: "hello" }, localCall()))

const gone = { enabled: true, transport: "stdio", command: "no-such-command", args: [], env: {} }

// On the real clock: what is sent is sent by real time.
layer(nodePlatform, { excludeTestServices: true })("a host that is watched from outside", (it) => {
  it.effect("sends spans and numbers to a collector, with its headers and without secrets", () =>
    Effect.gen(function* () {
      const collector = yield* receiver(200)
      const environment = { COLLECTOR_KEY: "sk-canary-collector-1" }
      const config = yield* configWith(
        { fx: fxServer() },
        {
          "telemetry.endpoint": `${collector.url}/`,
          "telemetry.headers": { "x-api-key": "env:COLLECTOR_KEY" },
          "telemetry.interval": "50 millis",
          "model.provider": "offline"
        }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        yield* echo(host)
        yield* Effect.ignore(host.toolbox.call("fail", { text: "sk-canary-in-a-call-1" }, localCall()))
        yield* Effect.ignore(host.toolbox.call("sk-canary-in-a-name-1", {}, localCall()))
      }).pipe(Effect.provide(Host.layer(setupFor(config, environment))), Effect.scoped)
      const of = (path: string) => collector.seen.filter((seen) => seen.path === path)
      const [traces, metrics] = [of("/v1/traces"), of("/v1/metrics")]
      assert.include(traces.map(({ body }) => body).join(), '"McpClient.callTool"')
      assert.match(metrics.map(({ body }) => body).join(), /"name":"mcp_calls_total"/)
      assert.strictEqual(traces[0]?.headers["x-api-key"], "sk-canary-collector-1")
      assert.isTrue(collector.seen.every(({ body }) => !body.includes("sk-canary-")))
    }).pipe(Effect.scoped)
  )

  it.effect("goes on, and ends, when its collector does not answer", () =>
    Effect.gen(function* () {
      const collector = yield* receiver("never")
      const config = yield* configWith(
        { fx: fxServer() },
        { "telemetry.endpoint": collector.url, "telemetry.interval": "20 millis", "model.provider": "offline" }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        yield* until("an export that hangs", () => collector.seen.length > 0)
        assert.isFalse((yield* echo(host)).isError)
      }).pipe(Effect.provide(Host.layer(setupFor(config))), Effect.scoped)
    }).pipe(Effect.scoped)
  )

  it.effect("does not start without the variables that its headers name", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { fx: fxServer() },
        {
          "telemetry.endpoint": "http://127.0.0.1:4318",
          "telemetry.headers": { authorization: "Bearer env:COLLECTOR_KEY" },
          "model.provider": "offline"
        }
      )
      const error = yield* Effect.flip(Effect.provide(Host, Host.layer(setupFor(config)))).pipe(Effect.scoped)
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.include(error.message, "COLLECTOR_KEY is not set")
      assert.include(error.message, "telemetry.headers.authorization")
    })
  )

  it.effect("posts each alert to its webhook once", () =>
    Effect.gen(function* () {
      const hook = yield* receiver(204)
      const config = yield* configWith(
        { gone },
        {
          "runtime.alerts.webhook": "env:HOOK",
          "runtime.alerts.serverLost.critical": "1 millis",
          "runtime.alerts.interval": "50 millis",
          "model.provider": "offline"
        }
      )
      yield* Effect.gen(function* () {
        yield* Host
        yield* until("an alert", () => hook.seen.length > 0)
      }).pipe(Effect.provide(Host.layer(setupFor(config, { HOOK: `${hook.url}/alerts?token=canary` }))), Effect.scoped)
      const raised = hook.seen
        .map(({ body }) => Schema.decodeSync(Schema.fromJsonString(Alert))(body))
        .filter(({ kind, status }) => kind === "server-lost" && status === "raised")
      assert.lengthOf(raised, 1)
      assert.strictEqual(raised[0]?.subject, "gone")
    }).pipe(Effect.scoped)
  )

  it.effect("calls its servers as ever when its webhook fails", () =>
    Effect.gen(function* () {
      const hook = yield* receiver("never")
      const config = yield* configWith(
        { gone, fx: fxServer() },
        {
          "runtime.alerts.webhook": hook.url,
          "runtime.alerts.serverLost.critical": "1 millis",
          "runtime.alerts.interval": "50 millis",
          "model.provider": "offline"
        }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        yield* until("an alert", () => hook.seen.length > 0)
        for (let call = 0; call < 20; call++) assert.isFalse((yield* echo(host)).isError)
      }).pipe(Effect.provide(Host.layer(setupFor(config))), Effect.scoped)
    }).pipe(Effect.scoped)
  )
})
