/**
 * fx-llm: a model upstream on loopback that answers from a script and remembers every request. It never guesses: what the
 * script does not foresee is answered with a clear 400 (or an echo, when there is no script at all).
 */
import { appendFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { waitFor } from "../process/waitFor.ts"
import { makeChooser, type WhenExhausted } from "./chooseReply.ts"
import { type RequestOutcome, readTurn, type SeenRequest } from "./SeenRequest.ts"
import type { Script } from "./script.ts"
import { sendReply, type SendContext } from "./sendReply.ts"
import { serveOther } from "./serveOther.ts"

/** How fx-llm starts. */
export interface FxLlmOptions {
  /** Without a script every request is echoed. */
  readonly script?: Script
  /** Default "fail". */
  readonly whenExhausted?: WhenExhausted
  /** Default 0: any free port. */
  readonly port?: number
  /** Appends one JSON line per request and one per end of a request, synchronously. */
  readonly logFile?: string
  /** Model ids that `/v1/models` lists. */
  readonly models?: ReadonlyArray<string>
}

/** A running fx-llm. */
export interface FxLlm {
  /** `http://127.0.0.1:PORT`: base URL of the Messages dialect; clients of the others add `/v1` or `/api/v1`. */
  readonly url: string
  /** Live list of the model requests (Messages, Chat and Responses), in order of arrival. */
  readonly requests: ReadonlyArray<SeenRequest>
  /** Live list of everything else: token counts, model lists, probes, unknown paths. */
  readonly otherRequests: ReadonlyArray<SeenRequest>
  /** TCP connections accepted since the start. */
  readonly connections: number
  /** TCP connections that are open now. */
  readonly openConnections: number
  /** Replaces the script; numbering of requests goes on. */
  readonly use: (script: Script | undefined, whenExhausted?: WhenExhausted) => void
  /** Opens the gate at which request `n` waits, or all gates. Answers how many were opened. */
  readonly release: (n?: number) => number
  /** Resolves with the nth model request (from 1) once it arrived. */
  readonly waitForRequest: (n: number, limitMs?: number) => Promise<SeenRequest>
  /** Resolves once the nth model request waits at a gate of its reply. */
  readonly waitForHeld: (n: number, limitMs?: number) => Promise<SeenRequest>
  /** Resolves once the nth model request ended in any way; read `outcome`. */
  readonly waitForClosed: (n: number, limitMs?: number) => Promise<SeenRequest>
  /** Cuts all connections and frees the port. */
  readonly close: () => Promise<void>
  /** Closes: `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts fx-llm in this process on 127.0.0.1. */
export const startFxLlm = async (options: FxLlmOptions = {}): Promise<FxLlm> => {
  const requests: Array<SeenRequest> = []
  const otherRequests: Array<SeenRequest> = []
  const sockets = new Map<Socket, number>()
  const gates: Array<{ readonly request: SeenRequest; readonly open: () => void }> = []
  const stopping = new AbortController()
  let connections = 0
  let choose = makeChooser(options.script, options.whenExhausted ?? "fail")

  const log = (entry: object) => {
    if (options.logFile !== undefined) appendFileSync(options.logFile, `${JSON.stringify(entry)}\n`)
  }

  const finish = (request: SeenRequest, outcome: RequestOutcome) => {
    if (request.endedAt !== undefined) return
    request.outcome ??= outcome
    request.endedAt = Date.now()
    const { n, kind, status, piecesSent, endedAt } = request
    log({ event: "end", n, kind, status, piecesSent, outcome: request.outcome, at: endedAt })
  }

  const gate = (request: SeenRequest, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      request.isHeld = true
      const entry = {
        request,
        open: () => {
          request.isHeld = false
          resolve()
        }
      }
      gates.push(entry)
      signal.addEventListener("abort", () => {
        request.isHeld = false
        reject(new Error("The client is gone."))
      })
    })

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const rawBody = await readBody(incoming)
    const path = incoming.url ?? "/"
    const kind = kindOf(incoming.method, path)
    const list = kind === "other" ? otherRequests : requests
    const body = parse(rawBody)
    const request: SeenRequest = {
      n: list.length + 1,
      kind,
      method: incoming.method ?? "",
      path,
      headers: incoming.headers,
      body,
      rawBody,
      at: Date.now(),
      connection: sockets.get(incoming.socket) ?? 0,
      ...readTurn(body),
      piecesSent: 0,
      isHeld: false
    }
    list.push(request)
    const { n, method, headers, at } = request
    log({ event: "request", n, kind, method, path, headers, body, at })
    const gone = new AbortController()
    response.on("close", () => {
      finish(request, response.writableFinished ? "completed" : "closed_by_client")
      gone.abort()
    })
    const signal = AbortSignal.any([gone.signal, stopping.signal])
    const context: SendContext = {
      request,
      response,
      requestId: `req_fx${String(n).padStart(22, "0")}`,
      signal,
      gate: () => gate(request, signal)
    }
    if (kind === "other") return serveOther(context, options.models ?? ["fx-model"])
    await sendReply(choose(request), context)
  }

  const server = createServer((incoming, response) => {
    // A rejection means that the client is gone, which `finish` has recorded, or a reply that cannot be rendered.
    serve(incoming, response).catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : undefined))
  })
  server.on("connection", (socket) => {
    connections += 1
    sockets.set(socket, connections)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port ?? 0, "127.0.0.1", resolve)
  })
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo

  const nth = async (n: number, what: string, limitMs: number | undefined, test: (request: SeenRequest) => boolean) =>
    waitFor(
      () => {
        const request = requests[n - 1]
        return request !== undefined && test(request) ? request : undefined
      },
      {
        description: `model request ${n} to ${what}`,
        state: () => `${requests.length} arrived: ${JSON.stringify(requests.map(summary))}`,
        ...(limitMs === undefined ? {} : { limitMs })
      }
    )

  const close = async (): Promise<void> => {
    stopping.abort()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets.keys()) socket.destroy()
    await closed
  }

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    otherRequests,
    get connections() {
      return connections
    },
    get openConnections() {
      return sockets.size
    },
    use: (script, whenExhausted) => {
      choose = makeChooser(script, whenExhausted ?? options.whenExhausted ?? "fail")
    },
    release: (n) => {
      const open = gates.filter(({ request }) => request.isHeld && (n === undefined || request.n === n))
      for (const entry of open) {
        gates.splice(gates.indexOf(entry), 1)
        entry.open()
      }
      return open.length
    },
    waitForRequest: (n, limitMs) => nth(n, "arrive", limitMs, () => true),
    waitForHeld: (n, limitMs) => nth(n, "wait at a gate", limitMs, (request) => request.isHeld),
    waitForClosed: (n, limitMs) => nth(n, "end", limitMs, (request) => request.endedAt !== undefined),
    close,
    [Symbol.asyncDispose]: close
  }
}

const summary = ({ n, kind, status, isHeld, piecesSent, outcome }: SeenRequest) => ({
  n,
  kind,
  status,
  isHeld,
  piecesSent,
  outcome
})

const kindOf = (method: string | undefined, path: string): SeenRequest["kind"] => {
  const [pathname = ""] = path.split("?")
  if (method !== "POST") return "other"
  if (pathname.endsWith("/v1/messages")) return "messages"
  if (pathname.endsWith("/responses")) return "responses"
  return pathname.endsWith("/chat/completions") ? "chat" : "other"
}

const readBody = async (incoming: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of incoming) parts.push(part as Buffer) // A request without encoding yields buffers.
  return Buffer.concat(parts).toString("utf8")
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
