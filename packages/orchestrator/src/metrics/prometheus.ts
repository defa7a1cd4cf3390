/**
 * The text format of Prometheus (exposition format 0.0.4). Effect's encoder does the work; it is called from here alone,
 * because its module is not stable.
 */
import type { Context } from "effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"

/** What such a text is served as. */
export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

/** Every series of the registry in the context. */
export const prometheusText = (context: Context.Context<never>): string => PrometheusMetrics.formatUnsafe(context)
