/**
 * `signalbox mcp serve --http`: listens for MCP clients at `/mcp`. On this machine alone, unless clients have to show a token.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { isLoopback } from "@signalbox/host"
import { type HttpFace, makeHttpFace, type ServedTools } from "@signalbox/mcp/serve"
import { PortInUse } from "@signalbox/server"
import { Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import { createServer } from "node:http"
import { McpTokenMissing } from "../errors.ts"
import { Output } from "../Output.ts"

/** Where to listen, and what clients show as `Authorization: Bearer`. */
export interface Listening {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly token: Redacted.Redacted | undefined
}

/** Whoever reaches an address of the network could run the tools. A file without a token protects nothing. */
export const checkListening = ({ host, token }: Listening) =>
  (token === undefined ? isLoopback(host) : Redacted.value(token) !== "")
    ? Effect.void
    : Effect.fail(new McpTokenMissing({ host }))

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** In constant time, so that no answer says how near a guess was. */
const hasToken = (token: Redacted.Redacted, authorization: string | undefined): boolean => {
  const given = /^bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1] ?? ""
  return timingSafeEqual(digest(given), digest(Redacted.value(token)))
}

const unauthorized = HttpServerResponse.jsonUnsafe(
  { error: "Show the token of this server as Authorization: Bearer." },
  { status: 401, headers: { "www-authenticate": "Bearer" } }
)

const answerBy = ({ answer }: HttpFace, { token }: Listening) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (token !== undefined && !hasToken(token, request.headers["authorization"])) return unauthorized
    // The signal of the fiber: whoever leaves before there is an answer cancels the call.
    const aborted = new AbortController()
    return yield* HttpServerRequest.toWeb(request, { signal: aborted.signal }).pipe(
      Effect.flatMap(answer),
      Effect.map(HttpServerResponse.fromWeb),
      Effect.onInterrupt(() => Effect.sync(() => aborted.abort()))
    )
  })

/** Says where it listens: the one line on stdout, so that scripts can read the address. */
const announce = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const { line } = yield* Output
  yield* line(`Listening on ${HttpServer.formatAddress(address)}/mcp`)
})

/** Listens until it is interrupted. */
export const listenMcp = Effect.fnUntraced(function* (tools: ServedTools, listening: Listening) {
  const { host, port } = listening
  const face = yield* makeHttpFace(tools, { isLocal: isLoopback(host) })
  const http = NodeHttpServer.layer(createServer, { host, port, gracefulShutdownTimeout: "1 second" }).pipe(
    Layer.catch(() => Layer.effectContext(Effect.fail(new PortInUse({ host, port }))))
  )
  const routes = HttpRouter.serve(HttpRouter.add("*", "/mcp", answerBy(face, listening)), {
    disableListenLog: true,
    disableLogger: true
  })
  return yield* Effect.andThen(announce, Effect.never).pipe(Effect.provide(routes.pipe(Layer.provideMerge(http))))
})
