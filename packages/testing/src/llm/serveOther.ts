/** What fx-llm answers beside model calls: token counts and model lists, as little as clients need, and 404 in the envelope of Messages. */
import type { SeenRequest } from "./SeenRequest.ts"
import { sendError, type SendContext } from "./sendReply.ts"

/** Answers one request that is no model call. */
export const serveOther = (context: SendContext, models: ReadonlyArray<string>): void => {
  const { request, response } = context
  const [pathname = ""] = request.path.split("?")
  const body = bodyFor(request, pathname, models)
  if (body !== undefined) {
    request.status = 200
    response.writeHead(200, { "content-type": "application/json", "request-id": context.requestId })
    response.end(JSON.stringify(body))
    return
  }
  if (request.method === "HEAD") {
    request.status = 200
    response.writeHead(200).end()
    return
  }
  sendError(context, { status: 404, message: `fx-llm serves no ${request.method} ${pathname}.` })
}

const bodyFor = (request: SeenRequest, pathname: string, models: ReadonlyArray<string>): object | undefined => {
  if (request.method === "POST" && pathname.endsWith("/messages/count_tokens")) {
    return { input_tokens: Math.max(1, Math.ceil(request.rawBody.length / 4)) }
  }
  if (request.method === "POST" && pathname.endsWith("/responses/input_tokens")) {
    return { object: "response.input_tokens", input_tokens: Math.max(1, Math.ceil(request.rawBody.length / 4)) }
  }
  if (request.method !== "GET") return undefined
  if (pathname.endsWith("/models")) return list(models)
  const id = /\/models\/(.+)$/.exec(pathname)?.[1]
  return id === undefined ? undefined : entry(decodeURIComponent(id))
}

const list = (models: ReadonlyArray<string>) => ({
  object: "list",
  data: models.map(entry),
  has_more: false,
  first_id: models[0] ?? null,
  last_id: models.at(-1) ?? null
})

const entry = (id: string) => ({
  type: "model",
  object: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  created: 1_767_225_600,
  owned_by: "fx-llm"
})
