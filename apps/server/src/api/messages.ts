/**
 * `POST /v1/messages`, and the path under which it always streams.
 */
import { Layer, Predicate } from "effect"
import type { JsonBody } from "./body.ts"
import { messagesDialect } from "./messagesDialect.ts"
import { modelRoute } from "./modelRoute.ts"
import { passThrough } from "./passThrough.ts"

/** The same request as one that asks for a stream, in its bytes too. */
const streaming = (body: JsonBody): JsonBody => {
  if (!Predicate.isObject(body.value) || body.value["stream"] === true) return body
  const value = { ...body.value, stream: true }
  const text = JSON.stringify(value)
  return { bytes: new TextEncoder().encode(text), text, value }
}

const direct = (incoming: Parameters<typeof passThrough>[1]) => passThrough("/v1/messages", incoming)

/** The routes. */
export const MessagesRoutes = Layer.merge(
  modelRoute("/v1/messages", messagesDialect, { direct }),
  modelRoute("/v1/messages/stream", messagesDialect, { adapt: streaming, direct })
)
