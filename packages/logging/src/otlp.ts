/**
 * Sends spans and numbers to an OpenTelemetry collector (OTLP over HTTP, in JSON). A subpath, because most programs
 * send nothing. What leaves passes the net under secrets that log lines pass; log lines themselves stay here.
 */
import { redact } from "@signalbox/errors"
import { Duration, Effect, Layer, Metric, Redacted } from "effect"
import type { HttpClient } from "effect/http"
import { OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"

/** Where to, and how often. */
export interface OtlpOptions {
  /** The collector, without `/v1/traces`: `http://127.0.0.1:4318`. */
  readonly endpoint: string
  /** Sent with every export. */
  readonly headers: Readonly<Record<string, string | Redacted.Redacted>>
  /** How often numbers are sent; spans follow within 5 seconds. What is left goes out at the end. */
  readonly interval: Duration.Input
  /** As what the program is shown. */
  readonly serviceName: string
}

/** Masks what looks like a secret. The copy has the shape of what it was made from. */
const masked = <A>(data: A): A => redact(data) as A

const serialization = Layer.effect(
  OtlpSerialization.OtlpSerialization,
  Effect.map(OtlpSerialization.OtlpSerialization, (json) => ({
    traces: (data) => json.traces(masked(data)),
    metrics: (data) => json.metrics(masked(data)),
    logs: (data) => json.logs(masked(data))
  }))
).pipe(Layer.provide(OtlpSerialization.layerJson))

/** A collector that does not answer must not hold up the end of the program. */
const shutdownTimeout = Duration.seconds(1)

/**
 * Traces and counts everything that it is provided to, in a registry of its own that it provides as well. A collector
 * that is gone costs what it would have been sent, and nothing else.
 */
const layer = ({
  endpoint,
  headers,
  interval,
  serviceName
}: OtlpOptions): Layer.Layer<never, never, HttpClient.HttpClient> => {
  const base = endpoint.replace(/\/+$/, "")
  const revealed = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : Redacted.value(value)])
  )
  const common = { resource: { serviceName }, headers: revealed, shutdownTimeout }
  return Layer.merge(
    OtlpTracer.layer({ ...common, url: `${base}/v1/traces` }),
    OtlpMetrics.layer({ ...common, url: `${base}/v1/metrics`, exportInterval: interval })
  ).pipe(Layer.provideMerge(Layer.sync(Metric.MetricRegistry, () => new Map())), Layer.provide(serialization))
}

/** `Otlp.layer(options)`: provide it once, where a program starts. */
export const Otlp = { layer } as const
