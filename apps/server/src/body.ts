/**
 * The body of a request as JSON. Clients may pack it (`content-encoding`); the limit is for what comes out.
 */
import { InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import {
  HttpIncomingMessage,
  HttpMiddleware,
  type HttpServerError,
  HttpServerRequest,
  type HttpServerResponse
} from "effect/http"
import { BodyTooLarge } from "./errors.ts"

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
  const cause = "cause" in reason ? reason.cause : undefined
  return yield* isPacked(encoding) && !(cause instanceof SyntaxError)
    ? refused(`The request body is not valid ${encoding}.`, "request_body_encoding_invalid")
    : refused("The request body is not valid JSON.")
})

/** Runs a handler with the body of its request, unpacked and parsed. */
export const withJsonBody = <E, R>(
  handler: (body: unknown) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase()
    if (!encoding.split(",").every((each) => encodings.has(each.trim()))) {
      const reason = `The content-encoding "${encoding}" is not supported: send gzip, deflate or none.`
      return yield* refused(reason, "request_body_encoding_unsupported")
    }
    const body = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => request.json)
    const read = Effect.catchTag(body, "HttpServerError", (error) => failure(error, encoding))
    return yield* HttpMiddleware.decompression()(Effect.flatMap(read, handler))
  })
