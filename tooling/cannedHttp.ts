import { Effect } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"

/** An HTTP client that gives the same bytes as every answer, cut into these pieces, and keeps the JSON bodies that it was sent. */
export const cannedHttp = (pieces: ReadonlyArray<Uint8Array | string>, contentType = "text/event-stream") => {
  const bodies: Array<Record<string, unknown>> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const { body } = request
      bodies.push(body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : {})
      const bytes = new ReadableStream({
        start: (controller) => {
          for (const piece of pieces) {
            controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece)
          }
          controller.close()
        }
      })
      return HttpClientResponse.fromWeb(request, new Response(bytes, { headers: { "content-type": contentType } }))
    })
  )
  return { client, bodies }
}
