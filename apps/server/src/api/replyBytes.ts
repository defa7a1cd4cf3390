/**
 * An answer that is written to the connection of its client as it comes, past everything that builds responses.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { BeginAnswer } from "@signalbox/host"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { ServerResponse } from "node:http"

/** The connection of a client. */
export interface ByteReply {
  readonly begin: BeginAnswer
  readonly hasBegun: () => boolean
  /** Ends what has begun. */
  readonly end: () => HttpServerResponse.HttpServerResponse
  /**
   * Ends what has begun and cannot be finished: by these last words where they can be told from what stands before,
   * else so that nobody takes it for whole.
   */
  readonly breakOff: (lastWords: (requestId: string) => string) => HttpServerResponse.HttpServerResponse
}

const newline = 0x0a

/** A reply to this request, with these headers beside those of the answer. */
export const replyBytes = (
  request: HttpServerRequest.HttpServerRequest,
  own: Readonly<Record<string, string>>
): ByteReply => {
  // This server speaks HTTP/1.1 alone.
  const response = NodeHttpServerRequest.toServerResponse(request) as ServerResponse
  let isStream = false
  // That of the upstream where it has one: its errors name it.
  let requestId = ""
  // The last two bytes: a stream that ends with an empty line is between two events.
  let last = 0
  let before = 0
  // What was written is not written again; the status is for whoever looks at it on the way out.
  const written = () => HttpServerResponse.empty({ status: response.statusCode })
  return {
    begin: (head) => {
      const headers: Record<string, string> = { "content-type": "application/json", ...own, ...head.headers }
      isStream = headers["content-type"]?.includes("text/event-stream") === true
      requestId = headers["request-id"] ?? ""
      response.writeHead(head.status, headers)
      return {
        write: (bytes) => {
          before = bytes.length > 1 ? (bytes.at(-2) ?? 0) : last
          last = bytes.at(-1) ?? last
          return response.write(bytes)
        },
        onceDrained: (resume) => response.once("drain", resume)
      }
    },
    hasBegun: () => response.headersSent,
    end: () => {
      response.end()
      return written()
    },
    breakOff: (lastWords) => {
      if (isStream && last === newline && before === newline) response.end(lastWords(requestId))
      else response.destroy()
      return written()
    }
  }
}
