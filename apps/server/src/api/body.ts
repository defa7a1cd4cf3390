/**
 * The body of a request as JSON. Clients may pack it (`content-encoding`); the limit is for what comes out.
 */
import { readJson } from "@signalbox/model/http"
import { checkJsonText, InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import { HttpIncomingMessage, HttpMiddleware, HttpServerRequest, HttpServerResponse } from "effect/http"
import { BodyTooLarge } from "../errors.ts"
import { readBytes } from "./readBytes.ts"

/** What can be unpacked, one or several one after the other (RFC 9110 §8.4). */
const encodings = new Set(["", "identity", "gzip", "deflate"])

const isPacked = (encoding: string): boolean => encoding !== "" && encoding !== "identity"

const refused = (reason: string, errorCode?: string) =>
  new InvalidMessagesRequest({ path: "", reason, ...(errorCode === undefined ? {} : { errorCode }) })

/** Why the body cannot be read. The API's SDK has an error class for each code. */
const tooLarge = (maxBytes: number, encoding: string) =>
  new BodyTooLarge({
    maxBytes,
    ...(isPacked(encoding) ? { errorCode: "request_body_too_large_after_decoding" } : {})
  })

const unreadable = (encoding: string) =>
  isPacked(encoding)
    ? refused(`The request body is not valid ${encoding}.`, "request_body_encoding_invalid")
    : refused("The request body cannot be read.")

/** Deeper than any request has a reason to be; what walks a body should not run out of stack. */
const limits = { maxDepth: 100 }

/** A body that was read: as it came, unpacked, and what it says. */
export interface JsonBody {
  readonly bytes: Uint8Array
  readonly text: string
  readonly value: unknown
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

const parse = (bytes: Uint8Array): Effect.Effect<JsonBody, InvalidMessagesRequest> => {
  const text = utf8.decode(bytes)
  // What is no JSON reads as `undefined`, which JSON cannot say.
  const value = text === "" ? null : readJson(text)
  if (value === undefined) return Effect.fail(refused("The request body is not valid JSON."))
  return Effect.as(checkJsonText(text, limits), { bytes, text, value })
}

/** What is packed is unpacked by a middleware, which is there for whole responses. */
const unpack = (request: HttpServerRequest.HttpServerRequest, encoding: string, maxBytes: number) =>
  Effect.suspend(() => {
    let unpacked = new ArrayBuffer(0)
    const read = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ arrayBuffer }) =>
      Effect.map(arrayBuffer, (bytes) => {
        unpacked = bytes
        return HttpServerResponse.empty()
      })
    )
    return HttpMiddleware.decompression()(read).pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, request),
      Effect.mapError(({ reason }) =>
        reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
          ? tooLarge(maxBytes, encoding)
          : unreadable(encoding)
      ),
      Effect.map(() => new Uint8Array(unpacked))
    )
  })

const encodingOf = (request: HttpServerRequest.HttpServerRequest): string =>
  (request.headers["content-encoding"] ?? "").trim().toLowerCase()

/** Reads the body of a request, unpacked and parsed. */
export const readJsonBody = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.flatMap(HttpIncomingMessage.MaxBodySize, (limit) => {
    const maxBytes = limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
    const encoding = encodingOf(request)
    if (!encoding.split(",").every((each) => encodings.has(each.trim()))) {
      const reason = `The content-encoding "${encoding}" is not supported: send gzip, deflate or none.`
      return Effect.fail(refused(reason, "request_body_encoding_unsupported"))
    }
    // Whoever waits to be told to go on is told by the server's own way of reading.
    const isPlain = encoding === "" && request.headers["expect"] === undefined
    const bytes = isPlain
      ? Effect.mapError(readBytes(request, maxBytes), (why) =>
          why === "too large" ? tooLarge(maxBytes, encoding) : unreadable(encoding)
        )
      : unpack(request, encoding, maxBytes)
    return Effect.flatMap(bytes, parse)
  })
