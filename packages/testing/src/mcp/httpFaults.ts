/** The faults of fx-mcp that are about HTTP: statuses, wrong bodies, sockets and streams that break or fall silent. */
import type { ServerResponse } from "node:http"
import type { DueFault } from "./faults.ts"
import type { FaultKind } from "./faultTable.ts"
import { writeStderr } from "./lifecycle.ts"
import type { McpServer } from "./McpServer.ts"
import { errorAnswer, errorCode, RpcError } from "./protocol.ts"

/** What a fault may touch. */
export interface BreakContext {
  readonly server: McpServer
  readonly response: ServerResponse
  readonly fault: DueFault
  /** The right answer, `{}` for faults that come before it. */
  readonly text: string
  readonly startStream: () => void
  readonly sessionHeader: Readonly<Record<string, string>>
  readonly forgetSession: () => void
  /** Keeps a message for a stream that is resumed after the event with this id. */
  readonly keep: (message: string) => string
}

/** Does what the fault says about HTTP; answers whether it replaced the answer. */
export const breakExchange = (context: BreakContext): boolean => {
  const breaker = breakers[context.fault.kind]
  breaker?.(context)
  return breaker !== undefined && context.fault.kind !== "stderr"
}

/** A JSON-RPC error with an HTTP status. */
export const sendHttpError = (response: ServerResponse, status: number, code: number, message: string): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(errorAnswer(null, new RpcError(code, message))))
}

const half = (text: string): string => text.slice(0, Math.floor(text.length / 2))

const reset = ({ response }: BreakContext): void => void response.socket?.resetAndDestroy()

const silence = (): void => {}

const breakers: Partial<Readonly<Record<FaultKind, (context: BreakContext) => void>>> = {
  status: ({ response, server: { flags }, fault }) => {
    const status = Number(fault.value ?? 503)
    if (flags.retryAfter !== undefined) response.setHeader("retry-after", flags.retryAfter)
    if (flags.wwwAuthenticate !== undefined) response.setHeader("www-authenticate", flags.wwwAuthenticate)
    sendHttpError(response, status, errorCode.server, `fx-mcp answers ${status} on purpose.`)
  },
  html: ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" })
    response.end("<!doctype html><title>Sign in</title><p>Please sign in.</p>")
  },
  redirect: ({ response, fault }) => {
    response.writeHead(307, { location: fault.value ?? "http://127.0.0.1:9/mcp" }).end()
  },
  "session-expired": ({ response, forgetSession }) => {
    forgetSession()
    sendHttpError(response, 404, errorCode.sessionNotFound, "Session not found")
  },
  "no-session": ({ response, forgetSession }) => {
    forgetSession()
    sendHttpError(response, 400, errorCode.server, "Bad Request: No valid session ID provided")
  },
  accepted: ({ response }) => {
    response.writeHead(202).end()
  },
  "reset-early": reset,
  reset,
  "accept-silent": silence,
  never: silence,
  "broken-json": ({ response, text, sessionHeader }) => {
    response.writeHead(200, { "content-type": "application/json", ...sessionHeader })
    response.end(`${half(text)}…`)
  },
  "half-body": ({ response, text }) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    response.write(half(text), () => response.socket?.destroy())
  },
  "sse-ends": ({ response, startStream }) => {
    startStream()
    response.end()
  },
  "sse-breaks": ({ response, startStream }) => {
    startStream()
    response.write(": about to break\n\n", () => response.socket?.resetAndDestroy())
  },
  "sse-resumes": ({ response, text, startStream, keep }) => {
    startStream()
    response.end(`retry: 20\nid: ${keep(text)}\ndata: \n\n`)
  },
  "sse-silent": ({ startStream }) => startStream(),
  exit: ({ server, fault }) => server.surroundings.exit(Number(fault.value ?? 1)),
  // An unknown name makes `process.kill` fail with a clear text.
  kill: ({ server, fault }) => server.surroundings.die((fault.value ?? "SIGKILL") as NodeJS.Signals),
  stderr: ({ fault }) => writeStderr(Number(fault.value ?? 1_000_000))
}
