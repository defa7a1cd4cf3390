/**
 * The text format of Prometheus (exposition format 0.0.4). Effect's encoder does the work; it is called from here alone,
 * because its module is not stable.
 */
import { type Context, Effect } from "effect"

/** What such a text is served as. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

/** Every series of the registry in the context. The encoder is loaded by the first who asks: an HTTP server hangs on it. */
export const prometheusText = (context: Context.Context<never>): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => import("effect/observability/PrometheusMetrics")),
    ({ formatUnsafe }) => formatUnsafe(context)
  )
