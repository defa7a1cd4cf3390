/**
 * Requests of the Messages API that go to an upstream of that API byte for byte, and whose answer comes back so: those
 * that need no tool of the host, no other name for the model, and nobody to answer when the upstream fails.
 */
import { Host } from "@signalbox/host"
import type { ResolvedModel } from "@signalbox/model"
import { encodeError, renderEvent } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Client } from "../clients/Client.ts"
import { ApiContext, type ServerSection } from "./ApiContext.ts"
import type { JsonBody } from "./body.ts"
import { untilComingAgain } from "./comingAgain.ts"
import type { RequestIds } from "./edge.ts"
import { configuredServers } from "./hostTools.ts"
import { hasHostTools, isUntouched, type PlainRequest, readPlainRequest } from "./plainRequest.ts"
import { replyBytes } from "./replyBytes.ts"
import { requireModel } from "./requireModel.ts"

/** What is asked at the edge. */
export interface Incoming {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly client: Client
  readonly body: JsonBody
  readonly ids: RequestIds
}

/** The path upstream. A count uses no tools and costs nothing. */
type Path = "/v1/messages" | "/v1/messages/count_tokens"

/** Who takes the request as it is; `undefined` where nobody does. */
const takerOf = (
  plain: PlainRequest,
  { fallbacks, route }: ResolvedModel,
  { upstreams }: Host["Service"]["models"],
  options: ServerSection
) => {
  const upstream = upstreams.get(route.upstream)
  // Another name would have to be put back into the answer, which would have to be read for that.
  if (upstream?.forward === undefined || fallbacks.length > 0 || route.model !== plain.model) return undefined
  return isUntouched(plain, upstream, options) ? { name: upstream.name, forward: upstream.forward } : undefined
}

const queryOf = (url: string): string => url.split("?")[1] ?? ""

/** Answers what can be handed on as it is; `undefined` is all else. Fails where its client may not ask for the model. */
export const passThrough = Effect.fnUntraced(function* (path: Path, { body, client, ids, request }: Incoming) {
  const plain = readPlainRequest(body.value, body.text)
  if (plain === undefined) return undefined
  const { models } = yield* Host
  const { admit, options } = yield* ApiContext
  const isCount = path !== "/v1/messages"
  // Where tools of the host may be called, or there is a budget, it has to be read: bytes are not counted.
  if (!isCount && (models.budget !== undefined || hasHostTools(client, request.headers, yield* configuredServers))) {
    return undefined
  }
  yield* requireModel(client, plain.model)
  const taker = takerOf(plain, yield* models.router.resolve(plain.model), models, options)
  if (taker === undefined) return undefined
  if (!isCount) yield* admit
  const { "x-tool-execution": _, ...headers } = request.headers
  const reply = replyBytes(request, { ...ids.headers, "x-signalbox-model": `${taker.name}/${plain.model}` })
  const asked = {
    request: { method: "POST" as const, path, query: queryOf(request.url), headers, body: body.bytes },
    model: isCount ? undefined : plain.model,
    principal: client.name,
    keyMode: client.apiKey === undefined ? ("own" as const) : ("forward" as const)
  }
  return yield* untilComingAgain(taker.forward(asked, reply.begin)).pipe(
    Effect.map(reply.end),
    Effect.catch((error) =>
      reply.hasBegun()
        ? Effect.as(
            Effect.logDebug("The answer broke off", error),
            reply.breakOff((id) => renderEvent(encodeError(error, id).body))
          )
        : Effect.fail(error)
    )
  )
})
