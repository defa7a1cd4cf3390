/**
 * The models that the account behind a key may ask.
 */
import type { ModelError } from "@signalbox/model"
import { excerpt, readJson } from "@signalbox/model/http"
import { Effect, Stream } from "effect"
import { HttpClient } from "effect/http"
import { checked } from "./blocks.ts"
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { answerError, invalidResponse } from "./errors.ts"
import { forward } from "./forward.ts"
import { ModelsPageWire, type ModelWire } from "./wire/models.ts"

/** As many as the API gives at once. */
const pageSize = 1000

const readPage = checked(ModelsPageWire)

const fetchPage = Effect.fnUntraced(function* (
  client: HttpClient.HttpClient,
  options: ClaudeOptions,
  afterId: string | undefined
) {
  const after = afterId === undefined ? "" : `&after_id=${encodeURIComponent(afterId)}`
  const request = { method: "GET", path: "/v1/models", query: `limit=${pageSize}${after}`, headers: {} } as const
  const answer = yield* forward({ client, options, request })
  const text = yield* Stream.mkString(Stream.decodeText(answer.body))
  const body = readJson(text)
  if (answer.status !== 200) {
    const asked = { provider: options.provider, model: "" }
    return yield* answerError(asked)({ httpStatus: answer.status, body, text, retryAfter: undefined })
  }
  return yield* Effect.mapError(Effect.fromResult(readPage(body)), ({ path, reason }) =>
    invalidResponse(
      options,
      `expected a page of models, got: ${excerpt(text)} (${path.map(String).join(".")}: ${reason})`
    )
  )
}, Effect.scoped)

/** All models, in the order of the API: newest first. */
export const listModels = Effect.fn("Claude.listModels")(function* (
  options: ClaudeOptions
): Effect.fn.Return<ReadonlyArray<ModelWire>, ModelError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const models: Array<ModelWire> = []
  let afterId: string | undefined
  for (;;) {
    const page = yield* fetchPage(client, options, afterId)
    models.push(...page.data)
    // A page that does not move on would be asked for again for ever.
    if (!page.has_more || typeof page.last_id !== "string" || page.last_id === afterId) return models
    afterId = page.last_id
  }
})
