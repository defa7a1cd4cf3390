/**
 * What a host tells to the outside while it runs: traces and numbers to a collector, alerts to a webhook. Nothing
 * unless the configuration says where; a receiver that is gone or slow never delays a call.
 */
import { Alert } from "@signalbox/orchestrator"
import { Effect, Layer, Redacted, Schedule, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { FoundProblem } from "./config/layers.ts"
import { notSet, resolveText, unsetVariables } from "./config/secrets.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** A text of the configuration with its references resolved; fails with the variables that are not set. */
const resolved = (config: LoadedConfig, environment: Environment, path: ReadonlyArray<string>, text: string) => {
  const value = resolveText(text, environment, config.directory)
  if (value !== undefined) return Effect.succeed(value)
  const problem: FoundProblem = { path, message: notSet(unsetVariables(text, environment)) }
  return Effect.fail(config.invalid([problem]))
}

/** Traces and counts what it is provided to, where a collector is configured. */
export const telemetryLayer = (config: LoadedConfig, environment: Environment) => {
  const { endpoint, headers, interval } = config.options.telemetry
  if (endpoint === "") return Layer.empty
  return Layer.unwrap(
    Effect.gen(function* () {
      const given = yield* Effect.forEach(Object.entries(headers), ([name, text]) =>
        Effect.map(
          resolved(config, environment, ["telemetry", "headers", name], text),
          (value) => [name, value] as const
        )
      )
      // Loaded by those alone who want it.
      const { Otlp } = yield* Effect.promise(() => import("@signalbox/logging/otlp"))
      return Otlp.layer({ endpoint, headers: Object.fromEntries(given), interval, serviceName: "signalbox" })
    })
  )
}

const attemptTimeout = "5 seconds"
const retries = { schedule: Schedule.exponential("500 millis"), times: 3 }
/** Alerts that wait for a slow receiver; it loses the oldest. */
const keptAlerts = 100

/** Posts each alert to the webhook of the configuration, as JSON, for as long as it runs. */
export const postAlerts = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Environment,
  alerts: Stream.Stream<Alert>
) {
  const { webhook } = config.options.runtime.alerts
  if (webhook === "") return
  const address = yield* resolved(config, environment, ["runtime", "alerts", "webhook"], webhook)
  const url = typeof address === "string" ? address : Redacted.value(address)
  const client = yield* HttpClient.HttpClient
  const post = (alert: Alert) =>
    HttpClientRequest.post(url).pipe(
      HttpClientRequest.schemaBodyJson(Alert)(alert),
      Effect.flatMap(client.execute),
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.scoped,
      Effect.timeout(attemptTimeout),
      Effect.retry(retries),
      // The address may be a secret, and the failure names it.
      Effect.catch((error) => Effect.logWarning(`An alert was not delivered to the webhook (${error._tag}).`)),
      Effect.asVoid
    )
  yield* alerts.pipe(
    Stream.buffer({ capacity: keptAlerts, strategy: "sliding" }),
    Stream.runForEach(post),
    Effect.forkScoped({ startImmediately: true })
  )
})
