/**
 * Sends one reply over one HTTP response: delays, gates, pieces, and the fault where the script wants it. Resolves when
 * nothing more will be written; after a stall the response stays open on purpose.
 */
import type { ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { type Answer, makeAnswer } from "./Answer.ts"
import { chatFrames, chatJson, type ChatStyle, chatTextPiece, data } from "./chat.ts"
import { chatErrorBody, type ErrorDetail, type Fault, messagesErrorBody } from "./faults.ts"
import type { Frame } from "./Frame.ts"
import { responsesErrorEvent, responsesFrames, responsesJson, responsesTextPiece } from "./responses.ts"
import { event, messagesFrames, messagesJson, messagesTextPiece } from "./messages.ts"
import type { SeenRequest } from "./SeenRequest.ts"
import type { Reply } from "./script.ts"

/** What a reply needs around it. */
export interface SendContext {
  readonly request: SeenRequest
  readonly response: ServerResponse
  readonly requestId: string
  /** Aborted when the client is gone or the server closes. */
  readonly signal: AbortSignal
  /** Waits until a test opens the gate. */
  readonly gate: () => Promise<void>
}

/** One of the ways to say the same thing. */
interface Dialect {
  readonly json: object
  readonly frames: ReadonlyArray<Frame>
  readonly textPiece: (text: string) => string
  readonly errorEvent: (detail: ErrorDetail) => string
}

/** Sends `reply`; rejects only when the client went away or the server closed. */
export const sendReply = async (reply: Reply, context: SendContext): Promise<void> => {
  const { request, signal } = context
  if (reply.firstByteDelayMs !== undefined) await sleep(reply.firstByteDelayMs, undefined, { signal })
  if (gatesOf(reply).includes("start")) await context.gate()
  const fault = reply.fault
  const breakAfterHead = afterHead(fault)
  if (fault !== undefined && isWhole(fault)) return sendWholeFault(fault, context)
  const dialect = dialectOf(makeAnswer(reply, request), context)
  writeHead(context, 200, {
    "content-type": request.isStream ? "text/event-stream; charset=utf-8" : "application/json",
    ...(request.isStream ? { "cache-control": "no-cache" } : {}),
    ...reply.headers
  })
  if (breakAfterHead !== undefined) return breakAfterHead(context)
  await (request.isStream ? sendStream(reply, dialect, context) : sendJson(reply, dialect, context))
}

/** An error answer in the dialect of the request. */
export const sendError = (
  context: SendContext,
  detail: ErrorDetail,
  headers: Readonly<Record<string, string>> = {},
  body?: string
): void => {
  writeHead(context, detail.status, { "content-type": "application/json", ...headers })
  context.response.end(body ?? JSON.stringify(errorBody(context, detail)))
}

const errorBody = (context: SendContext, detail: ErrorDetail): object =>
  context.request.kind === "chat" || context.request.kind === "responses"
    ? chatErrorBody(detail)
    : messagesErrorBody(detail, context.requestId)

const dialectOf = (answer: Answer, context: SendContext): Dialect => {
  const { request } = context
  const created = Math.floor(request.at / 1000)
  if (request.kind === "responses") {
    return {
      json: responsesJson(answer, created),
      frames: responsesFrames(answer, created),
      textPiece: responsesTextPiece,
      errorEvent: (detail) => responsesErrorEvent(chatErrorBody(detail).error)
    }
  }
  if (request.kind !== "chat") {
    return {
      json: messagesJson(answer),
      frames: messagesFrames(answer),
      textPiece: messagesTextPiece,
      errorEvent: (detail) => event("error", messagesErrorBody(detail, context.requestId)).text
    }
  }
  const isOpenRouter = request.path.startsWith("/api/")
  const style: ChatStyle = {
    isOpenRouter,
    sendsUsage: isOpenRouter || request.wantsUsage,
    created
  }
  return {
    json: chatJson(answer, style),
    frames: chatFrames(answer, style),
    textPiece: (text) => chatTextPiece(answer, style, text),
    errorEvent: (detail) => data(chatErrorBody(detail)).text
  }
}

type WholeFault = Extract<Fault, { kind: "status" | "html" | "reset" | "stall" }>

/** Faults that replace the answer from its first byte. */
const isWhole = (fault: Fault): fault is WholeFault =>
  fault.kind === "status" ||
  fault.kind === "html" ||
  ((fault.kind === "reset" || fault.kind === "stall") && fault.afterPieces === undefined)

/** What happens between the head and the first byte. */
const afterHead = (fault: Fault | undefined): ((context: SendContext) => Promise<void> | void) | undefined => {
  if (fault?.kind === "empty") return cutShort
  if (fault === undefined || !("afterPieces" in fault) || fault.afterPieces !== "head") return undefined
  const { kind } = fault
  return async (context) => {
    context.response.flushHeaders()
    await headSent(context)
    return kind === "reset" ? reset(context) : stall(context)
  }
}

const sendWholeFault = (fault: WholeFault, context: SendContext): Promise<void> | void => {
  const { response, request } = context
  switch (fault.kind) {
    case "reset":
      return reset(context)
    case "stall":
      return stall(context)
    case "html":
      writeHead(context, 200, { "content-type": "text/html; charset=utf-8" })
      response.end(fault.body ?? "<!doctype html><title>Sign in</title><p>Please sign in to this network.</p>")
      return
    default:
      sendError(
        context,
        {
          status: fault.status,
          message: fault.message ?? `fx-llm answers ${fault.status} to request ${request.n} on purpose.`,
          ...(fault.errorType === undefined ? {} : { errorType: fault.errorType }),
          ...(fault.code === undefined ? {} : { code: fault.code })
        },
        {
          ...(fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }),
          ...fault.headers
        },
        fault.body
      )
  }
}

const sendStream = async (reply: Reply, dialect: Dialect, context: SendContext): Promise<void> => {
  const { request, response, signal } = context
  // The head goes out at once: a client must see the status before the first piece.
  response.flushHeaders()
  const lastPiece = dialect.frames.findLastIndex((frame) => frame.isPiece)
  const closing = lastPiece < 0 ? 1 : lastPiece + 1
  const interrupt = makeInterrupt(reply, dialect, context)
  /* oxlint-disable no-await-in-loop -- pieces are sent one after another */
  for (const [index, frame] of dialect.frames.entries()) {
    const isClosing = index === closing
    if ((frame.isPiece || isClosing) && (await interrupt(isClosing))) return
    if (frame.isPiece && reply.delayMs !== undefined) await sleep(reply.delayMs, undefined, { signal })
    await write(context, frame.text)
    if (frame.isPiece) request.piecesSent += 1
  }
  /* oxlint-enable no-await-in-loop */
  response.end()
}

/**
 * What happens between the pieces of a stream, once each: waits at the gates that are due, then does what the fault says.
 * All that is left is due before the closing frames. Answers whether the stream is over.
 */
const makeInterrupt = (reply: Reply, dialect: Dialect, context: SendContext) => {
  const gates = gatesOf(reply).filter((gate) => gate !== "start")
  let fault = reply.fault
  return async (isClosing: boolean): Promise<boolean> => {
    const isDue = (after: number) => isClosing || context.request.piecesSent >= after
    /* oxlint-disable-next-line no-await-in-loop -- one release opens one gate */
    while (isDue(gates[0] ?? Infinity) && gates.shift() !== undefined) await context.gate()
    if (fault === undefined || !isDue(faultPosition(fault))) return false
    const due = fault
    fault = undefined
    return breakStream(due, dialect, context)
  }
}

/** An early end is most telling when only the terminal events are missing; other faults come at once. */
const faultPosition = (fault: Fault): number => {
  const after = "afterPieces" in fault ? fault.afterPieces : undefined
  return typeof after === "number" ? after : fault.kind === "early_end" ? Infinity : 0
}

/** Does what the fault says in the middle of a stream; answers whether the stream is over. */
const breakStream = async (fault: Fault, dialect: Dialect, context: SendContext): Promise<boolean> => {
  switch (fault.kind) {
    case "reset":
      reset(context)
      return true
    case "stall":
      await stall(context)
      return true
    case "broken_chunk":
      breakChunk(context)
      return true
    case "early_end":
      cutShort(context)
      return true
    case "error_event":
      await write(context, dialect.errorEvent(streamError(fault)))
      cutShort(context)
      return true
    case "malformed":
      await write(context, 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n')
      return false
    case "oversized":
      await write(context, dialect.textPiece("x".repeat(fault.bytes)))
      return false
    default:
      return false
  }
}

const streamError = (fault: Extract<Fault, { kind: "error_event" }>): ErrorDetail => ({
  status: 529,
  message: fault.message ?? "Overloaded",
  ...(fault.errorType === undefined ? {} : { errorType: fault.errorType })
})

const sendJson = async (reply: Reply, dialect: Dialect, context: SendContext): Promise<void> => {
  const { response } = context
  const body = JSON.stringify(dialect.json)
  const half = body.slice(0, Math.floor(body.length / 2))
  /* oxlint-disable no-await-in-loop -- one release opens one gate */
  for (const gate of gatesOf(reply)) if (gate !== "start") await context.gate()
  /* oxlint-enable no-await-in-loop */
  if (reply.delayMs !== undefined) await sleep(reply.delayMs, undefined, { signal: context.signal })
  switch (reply.fault?.kind) {
    case "reset":
      await write(context, half)
      return reset(context)
    case "stall":
      await write(context, half)
      return stall(context)
    case "broken_chunk":
      await write(context, half)
      return breakChunk(context)
    case "early_end":
    case "malformed":
      await write(context, half)
      return cutShort(context)
    case "oversized":
      // White space is legal between tokens, so only the size is wrong.
      await write(context, " ".repeat(reply.fault.bytes) + body)
      return void response.end()
    case "error_event":
      response.end(JSON.stringify(errorBody(context, streamError(reply.fault))))
      return
    default:
      response.end(body)
  }
}

const gatesOf = (reply: Reply): ReadonlyArray<"start" | number> =>
  reply.hold === undefined ? [] : typeof reply.hold === "object" ? reply.hold : [reply.hold]

const writeHead = (context: SendContext, status: number, headers: Readonly<Record<string, string>>): void => {
  context.request.status = status
  context.response.writeHead(status, { "request-id": context.requestId, "x-request-id": context.requestId, ...headers })
}

/** Writes and waits for the socket, so that a slow reader slows the script down as it would a real server. */
const write = (context: SendContext, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    context.response.write(text, (error) => (error ? reject(error) : resolve()))
  })

const cutShort = (context: SendContext): void => {
  context.request.outcome = "cut_by_fault"
  context.response.end()
}

const reset = (context: SendContext): void => {
  context.request.outcome = "cut_by_fault"
  context.response.socket?.resetAndDestroy()
}

/** The answer is sent in chunks, so what is written past Node's own framing stands where a size is read. */
const breakChunk = (context: SendContext): void => {
  context.request.outcome = "cut_by_fault"
  context.response.socket?.end("no size\r\n\r\n")
}

/** Resolves once what was written is out: a reset would take it along. */
const headSent = ({ response: { socket } }: SendContext): Promise<void> =>
  new Promise((resolve, reject) => {
    socket?.write("", (error) => (error ? reject(error) : resolve()))
  })

/** Nothing more is written, and the socket stays open until the other side or `close()` ends it. */
const stall = (context: SendContext): Promise<void> =>
  new Promise((resolve) => {
    if (context.signal.aborted) resolve()
    else context.signal.addEventListener("abort", () => resolve(), { once: true })
  })
