/** What fx-llm answers beside model calls: token counts and model lists, as little as clients need, and 404 in the envelope of Messages. */
import { sendError, type SendContext } from "./sendReply.ts"

/** Answers one request that is no model call. */
export const serveOther = (context: SendContext, models: ReadonlyArray<string>): void => {
  const { request, response } = context
  const [pathname = ""] = request.path.split("?")
  const answer = (body: object) => {
    request.status = 200
    response.writeHead(200, { "content-type": "application/json", "request-id": context.requestId })
    response.end(JSON.stringify(body))
  }
  if (request.method === "POST" && pathname.endsWith("/messages/count_tokens")) {
    return answer({ input_tokens: Math.max(1, Math.ceil(request.rawBody.length / 4)) })
  }
  if (request.method === "GET" && pathname.endsWith("/models")) {
    return answer({
      object: "list",
      data: models.map(entry),
      has_more: false,
      first_id: models[0] ?? null,
      last_id: models.at(-1) ?? null
    })
  }
  const id = /\/models\/(.+)$/.exec(pathname)?.[1]
  if (request.method === "GET" && id !== undefined) return answer(entry(decodeURIComponent(id)))
  if (request.method === "HEAD") {
    request.status = 200
    response.writeHead(200).end()
    return
  }
  sendError(context, { status: 404, message: `fx-llm serves no ${request.method} ${pathname}.` })
}

const entry = (id: string) => ({
  type: "model",
  object: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  created: 1_767_225_600,
  owned_by: "fx-llm"
})
