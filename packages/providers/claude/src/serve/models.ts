/**
 * The models that a server offers, as `GET /v1/models` and `GET /v1/models/{id}` answer them.
 */
import { DateTime, Effect } from "effect"
import { LifecycleWire, type ModelsPageWire, type ModelWire } from "../wire/models.ts"
import { invalid } from "./invalid.ts"
import type { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

/** A model as a host knows it. What it does not know is null in the answer. */
export interface OfferedModel {
  readonly id: string
  /** The `id` where there is none. */
  readonly displayName?: string
  readonly createdAt?: DateTime.Utc
  /** `active` where nothing else is known. */
  readonly lifecycle?: LifecycleWire
  readonly line?: string
  readonly maxInputTokens?: number
  readonly maxTokens?: number
}

/** Which part of the list is wanted. */
export interface ModelsQuery {
  readonly limit: number
  readonly beforeId: string | undefined
  readonly afterId: string | undefined
  /** Empty for all. */
  readonly lifecycle: ReadonlyArray<string>
}

/** One model. Every field is there: official clients read them without asking. */
export const encodeModel = (model: OfferedModel): ModelWire => ({
  type: "model",
  id: model.id,
  display_name: model.displayName ?? model.id,
  // The API's own word for a release date that is not known.
  created_at: model.createdAt === undefined ? "1970-01-01T00:00:00Z" : DateTime.formatIso(model.createdAt),
  lifecycle: model.lifecycle ?? "active",
  line: model.line ?? null,
  deprecated_at: null,
  retires_at: null,
  max_input_tokens: model.maxInputTokens ?? null,
  max_tokens: model.maxTokens ?? null,
  capabilities: null
})

/** Reads the query of a request: `limit` (20, from 1 to 1000), `before_id`, `after_id` and `lifecycle[]`. */
export const decodeModelsQuery = (query: URLSearchParams): Effect.Effect<ModelsQuery, InvalidMessagesRequest> => {
  const limit = Number(query.get("limit") ?? "20")
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    return Effect.fail(invalid(["limit"], "must be a whole number from 1 to 1000"))
  }
  const lifecycle = [...query.getAll("lifecycle[]"), ...query.getAll("lifecycle")]
  const known: ReadonlyArray<string> = LifecycleWire.literals
  if (!lifecycle.every((each) => known.includes(each))) {
    return Effect.fail(invalid(["lifecycle"], `Expected ${known.map((each) => `"${each}"`).join(" | ")}`))
  }
  return Effect.succeed({
    limit,
    beforeId: query.get("before_id") ?? undefined,
    afterId: query.get("after_id") ?? undefined,
    lifecycle
  })
}

/** One page of the list, which is in the order that the host gives it. An unknown id begins at the start. */
export const encodeModelsPage = (models: ReadonlyArray<OfferedModel>, query: ModelsQuery): ModelsPageWire => {
  const { afterId, beforeId, lifecycle, limit } = query
  const all = models
    .map(encodeModel)
    .filter((model) => lifecycle.length === 0 || lifecycle.includes(model.lifecycle ?? ""))
  const after = afterId === undefined ? -1 : all.findIndex(({ id }) => id === afterId)
  const before = beforeId === undefined ? -1 : all.findIndex(({ id }) => id === beforeId)
  const range = all.slice(after + 1, before === -1 ? all.length : before)
  // Going backwards the page is the one that ends at the id.
  const isBackwards = beforeId !== undefined && afterId === undefined
  const data = isBackwards ? range.slice(-limit) : range.slice(0, limit)
  return {
    data,
    has_more: data.length < range.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null
  }
}
