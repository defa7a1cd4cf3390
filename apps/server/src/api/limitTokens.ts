/**
 * The most tokens that a request may ask for here, whatever it asks for.
 */
import { defineError, statuses } from "@signalbox/errors"
import type { ServedRequest } from "@signalbox/model"
import { Effect, Schema } from "effect"

/** A request asks for more tokens than the server gives, and the configuration says to refuse it. */
export class TooManyTokens extends defineError<TooManyTokens>()("TooManyTokens", {
  code: "TOO_MANY_TOKENS",
  status: statuses.badData,
  fields: { asked: Schema.Finite, limit: Schema.Int },
  message: ({ asked, limit }) =>
    `max_tokens: ${asked} > ${limit}, which is the maximum allowed number of output tokens`,
  hint: () => "Ask for less, or raise server.maxTokens."
}) {}

/** Limits of tokens. */
export interface TokenLimit {
  readonly maxTokens: number | "unlimited"
  readonly whenOverMaxTokens: "clamp" | "reject"
}

/** The request within the limit, and what to tell its client of that. One that names no limit asks for no more. */
export const limitTokens = <Request extends ServedRequest>(
  served: Request,
  { maxTokens: limit, whenOverMaxTokens }: TokenLimit
): Effect.Effect<{ readonly served: Request; readonly headers: Readonly<Record<string, string>> }, TooManyTokens> => {
  const asked = served.request.maxTokens
  if (limit === "unlimited" || (asked !== undefined && asked <= limit)) return Effect.succeed({ served, headers: {} })
  if (asked !== undefined && whenOverMaxTokens === "reject") return Effect.fail(new TooManyTokens({ asked, limit }))
  return Effect.succeed({
    served: { ...served, request: { ...served.request, maxTokens: limit } },
    headers: asked === undefined ? {} : { "x-max-tokens-clamped": String(limit) }
  })
}
