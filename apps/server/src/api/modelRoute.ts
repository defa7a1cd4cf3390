/**
 * A route of a model API: one turn as one answer, streamed or not, whichever API it is.
 */
import { Host } from "@signalbox/host"
import { type CallNote, CallNotes } from "@signalbox/model"
import { Clock, Effect, Stream } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { ApiContext } from "./ApiContext.ts"
import { type JsonBody, readJsonBody } from "./body.ts"
import type { Dialect, DialectRequest } from "./Dialect.ts"
import { approvedBefore } from "./approvals.ts"
import { atEdge, type RequestIds } from "./edge.ts"
import { configuredServers, hostToolsFor } from "./hostTools.ts"
import { limitTokens } from "./limitTokens.ts"
import type { Incoming, passThrough } from "./passThrough.ts"
import { requireModel } from "./requireModel.ts"
import { servedTurn } from "./servedTurn.ts"
import { streamedReply } from "./streamedReply.ts"
import { wholeReply } from "./wholeReply.ts"

/** About four characters make a token. */
const estimateTokens = (body: unknown) => (): number => Math.ceil(JSON.stringify(body).length / 4)

/** What decorators of the model tell about the calls of a turn, as headers of its answer: the first call counts. */
const noteHeaders = () => {
  const said: Record<string, string> = {}
  const leftOut = new Set<string>()
  const hear = (note: CallNote) =>
    Effect.sync(() => {
      if (note.type === "answering") said["x-signalbox-model"] ??= `${note.upstream}/${note.model}`
      if (note.type === "cache" && note.outcome !== "miss") said["x-cache"] ??= note.outcome
      if (note.type === "left_out") for (const type of note.types) leftOut.add(type)
    })
  const headers = () => (leftOut.size === 0 ? said : { ...said, "x-signalbox-left-out": [...leftOut].join(", ") })
  return { hear, headers }
}

/** What is peculiar to a route. */
export interface RouteOptions {
  /** What it changes of a body before that is read. */
  readonly adapt?: (body: JsonBody) => JsonBody
  /** Answers what needs none of the host's work; `undefined` is all else. */
  readonly direct?: (incoming: Incoming) => ReturnType<typeof passThrough>
}

const answering = <Request extends DialectRequest>(
  dialect: Dialect<Request>,
  { adapt = (body) => body, direct }: RouteOptions
) =>
  Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, ids: RequestIds) {
    const host = yield* Host
    const server = yield* ApiContext
    const { headers } = request
    const client = yield* server.letIn(headers)
    ids.note("client", client.name)
    const adapted = adapt(yield* readJsonBody(request))
    const passed = direct === undefined ? undefined : yield* direct({ request, client, body: adapted, ids })
    if (passed !== undefined) return passed
    const body = adapted.value
    const notes = noteHeaders()
    const decoded = yield* dialect
      .decode(body, headers, server.options)
      .pipe(Effect.provideService(CallNotes, notes.hear))
    yield* requireModel(client, decoded.model)
    const { headers: limited, served } = yield* limitTokens(decoded, server.options)
    const wishes = { headers, servers: served.servers, configured: yield* configuredServers }
    const approvedBeforehand = yield* approvedBefore(headers)
    const requestTools = yield* hostToolsFor(host.toolbox, client, wishes)
    yield* server.admit
    const turn = yield* servedTurn(served, {
      host,
      client,
      model: server.model,
      hostCalls: server.hostCalls,
      approval: {
        waitingCalls: server.waitingCalls,
        approvedBeforehand,
        responseId: ids.digits,
        showsApprovals: dialect.showsApprovals ?? false
      },
      requestTools,
      requestId: ids.requestId
    })
    const heard = { ...turn, inputs: Stream.provideService(turn.inputs, CallNotes, notes.hear) }
    const shown = {
      dialect,
      request: served,
      created: Math.floor((yield* Clock.currentTimeMillis) / 1000),
      estimatedTokens: estimateTokens(body),
      headers: () => ({ ...limited, ...notes.headers() })
    }
    return yield* served.stream ? streamedReply(heard, shown, ids) : wholeReply(heard, shown, ids)
  })

/** The route of an API at a path. */
export const modelRoute = <Request extends DialectRequest>(
  path: HttpRouter.PathInput,
  dialect: Dialect<Request>,
  options: RouteOptions = {}
) => {
  const answer = answering(dialect, options)
  return HttpRouter.add(
    "POST",
    path,
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      atEdge(request, dialect.failure, (ids) => answer(request, ids))
    )
  )
}
