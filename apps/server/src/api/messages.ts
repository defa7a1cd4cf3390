/**
 * `POST /v1/messages`, and the path under which it always streams.
 */
import { Effect, Layer, Predicate } from "effect"
import { ApiContext } from "./ApiContext.ts"
import type { JsonBody } from "./body.ts"
import { messagesDialect } from "./messagesDialect.ts"
import { modelRoute } from "./modelRoute.ts"
import { type Incoming, passThrough } from "./passThrough.ts"

/** The same request as one that asks for a stream, in its bytes too. */
const streaming = (body: JsonBody): JsonBody => {
  if (!Predicate.isObject(body.value) || body.value["stream"] === true) return body
  const value = { ...body.value, stream: true }
  const text = JSON.stringify(value)
  return { bytes: new TextEncoder().encode(text), text, value }
}

/** What has calls of tools may need to be mended, for which it has to be read. */
const hasToolFlow = /"tool_(use|result)"/

const direct = Effect.fnUntraced(function* (incoming: Incoming) {
  const { options } = yield* ApiContext
  if (options.whenToolFlowBroken === "repair" && hasToolFlow.test(incoming.body.text)) return undefined
  return yield* passThrough("/v1/messages", incoming)
})

/** The routes. */
export const MessagesRoutes = Layer.merge(
  modelRoute("/v1/messages", messagesDialect, { direct }),
  modelRoute("/v1/messages/stream", messagesDialect, { adapt: streaming, direct })
)
