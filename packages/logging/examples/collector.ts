import { Otlp } from "@signalbox/logging/otlp"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { createServer } from "node:http"

// Stands in for an OpenTelemetry collector.
const paths = new Set<string>()
const collector = createServer((request, response) => {
  paths.add(request.url ?? "")
  request.resume().on("end", () => response.end("{}"))
})
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
const address = collector.address()
const port = typeof address === "object" ? address?.port : undefined

const work = Effect.withSpan(Effect.succeed("done"), "work")
const telemetry = Otlp.layer({
  endpoint: `http://127.0.0.1:${port}`,
  headers: {},
  interval: "30 seconds",
  serviceName: "example"
})
const result = await Effect.runPromise(
  work.pipe(Effect.provide(Layer.provide(telemetry, FetchHttpClient.layer)), Effect.scoped)
)
collector.close()
console.log(result, [...paths].toSorted())
// => done [ '/v1/metrics', '/v1/traces' ]
