/**
 * The body of a request as JSON. Clients may pack it (`content-encoding`); the limit is for what comes out.
 */
import { checkJsonText, InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import {
  HttpIncomingMessage,
  HttpMiddleware,
  type HttpServerError,
  HttpServerRequest,
  type HttpServerResponse
} from "effect/http"
import { BodyTooLarge } from "../errors.ts"

/** What can be unpacked, one or several one after the other (RFC 9110 §8.4). */
const encodings = new Set(["", "identity", "gzip", "deflate"])

const isPacked = (encoding: string): boolean => encoding !== "" && encoding !== "identity"

const refused = (reason: string, errorCode?: string) =>
  new InvalidMessagesRequest({ path: "", reason, ...(errorCode === undefined ? {} : { errorCode }) })

/** Why the body cannot be read. The API's SDK has an error class for each code. */
const failure = Effect.fnUntraced(function* (error: HttpServerError.HttpServerError, encoding: string) {
  const { reason } = error
  if (reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge") {
    const maxBytes = Number((yield* HttpIncomingMessage.MaxBodySize) ?? 0)
    const errorCode = isPacked(encoding) ? { errorCode: "request_body_too_large_after_decoding" } : {}
    return yield* new BodyTooLarge({ maxBytes, ...errorCode })
  }
  return yield* isPacked(encoding)
    ? refused(`The request body is not valid ${encoding}.`, "request_body_encoding_invalid")
    : refused("The request body cannot be read.")
})

/** Deeper than any request has a reason to be; what walks a body should not run out of stack. */
const limits = { maxDepth: 100 }

/** A body that was read: as it came, unpacked, and what it says. */
export interface JsonBody {
  readonly bytes: Uint8Array
  readonly text: string
  readonly value: unknown
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

const parse = Effect.fnUntraced(function* (buffer: ArrayBuffer) {
  const bytes = new Uint8Array(buffer)
  const text = utf8.decode(bytes)
  const value = yield* Effect.try({
    try: (): unknown => (text === "" ? null : JSON.parse(text)),
    catch: () => refused("The request body is not valid JSON.")
  })
  yield* checkJsonText(text, limits)
  return { bytes, text, value } satisfies JsonBody
})

/** Runs a handler with the body of its request, unpacked and parsed. */
export const withJsonBody = <E, R>(
  handler: (body: JsonBody) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase()
    if (!encoding.split(",").every((each) => encodings.has(each.trim()))) {
      const reason = `The content-encoding "${encoding}" is not supported: send gzip, deflate or none.`
      return yield* refused(reason, "request_body_encoding_unsupported")
    }
    const bytes = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => request.arrayBuffer)
    const read = Effect.catchTag(bytes, "HttpServerError", (error) => failure(error, encoding))
    return yield* HttpMiddleware.decompression()(Effect.flatMap(Effect.flatMap(read, parse), handler))
  })
