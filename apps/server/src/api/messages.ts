/**
 * `POST /v1/messages`, and the path under which it always streams.
 */
import { Layer, Predicate } from "effect"
import { messagesDialect } from "./messagesDialect.ts"
import { modelRoute } from "./modelRoute.ts"

const streaming = (body: unknown): unknown => (Predicate.isObject(body) ? { ...body, stream: true } : body)

/** The routes. */
export const MessagesRoutes = Layer.merge(
  modelRoute("/v1/messages", messagesDialect),
  modelRoute("/v1/messages/stream", messagesDialect, { adapt: streaming })
)
