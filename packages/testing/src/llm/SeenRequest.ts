/**
 * One request as fx-llm saw it: recorded before it is answered, completed while it is, so that a test can hold the object
 * and watch `outcome` change. The neutral fields (`lastUserText`, `toolResults` …) read all dialects alike.
 */
import type { IncomingHttpHeaders } from "node:http"

/** How an answer ended: all of it was sent, the client went away first, or a fault of the script cut it. */
export type RequestOutcome = "completed" | "closed_by_client" | "cut_by_fault"

/** A request and what became of it. Times are milliseconds since the epoch. */
export interface SeenRequest {
  /** Number from 1 in its list (`requests` or `otherRequests`). */
  readonly n: number
  readonly kind: "messages" | "chat" | "responses" | "other"
  readonly method: string
  /** Path with query, as sent. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON body, `undefined` when there was none or it was not JSON. */
  readonly body: unknown
  readonly rawBody: string
  readonly at: number
  /** Number of the TCP connection, from 1: equal numbers mean a reused connection. */
  readonly connection: number
  readonly isStream: boolean
  readonly wantsUsage: boolean
  readonly model: string
  readonly system: string
  readonly lastUserText: string
  /** Texts of the tool results in the last turn, in order. */
  readonly toolResults: ReadonlyArray<string>
  readonly offeredTools: ReadonlyArray<string>
  status?: number
  /** Streamed content pieces written so far. */
  piecesSent: number
  /** Waits at a gate until `release()`. */
  isHeld: boolean
  outcome?: RequestOutcome
  endedAt?: number
}

/** The items of a Responses request are its messages; a text alone is the user's. */
const messagesOf = (request: Record<string, unknown>): ReadonlyArray<Record<string, unknown>> => {
  const { input } = request
  if (typeof input === "string") return [{ role: "user", content: input }]
  return asList(request["messages"] ?? input).map(asRecord)
}

const isAssistant = ({ role, type }: Record<string, unknown>): boolean =>
  role === "assistant" || type === "function_call" || type === "reasoning"

/** The neutral fields, read from a body of any dialect; never fails, since a wrong body must be recorded too. */
export const readTurn = (body: unknown) => {
  const request = asRecord(body)
  const messages = messagesOf(request)
  const lastAssistant = messages.findLastIndex(isAssistant)
  const lastTurn = messages.slice(lastAssistant + 1)
  const lastUser = messages.findLast((message) => message["role"] === "user" && hasText(message["content"]))
  return {
    isStream: request["stream"] === true,
    wantsUsage: asRecord(request["stream_options"])["include_usage"] === true,
    model: typeof request["model"] === "string" ? request["model"] : "fx-model",
    system: [
      textOf(request["system"]),
      textOf(request["instructions"]),
      ...messages
        .filter((message) => message["role"] === "system" || message["role"] === "developer")
        .map((message) => textOf(message["content"]))
    ]
      .filter((text) => text !== "")
      .join("\n"),
    lastUserText: textOf(lastUser?.["content"]),
    toolResults: lastTurn.flatMap((message) =>
      message["role"] === "tool" || message["type"] === "function_call_output"
        ? [textOf(message["content"] ?? message["output"])]
        : asList(message["content"])
            .map(asRecord)
            .filter((block) => block["type"] === "tool_result")
            .map((block) => textOf(block["content"]))
    ),
    offeredTools: asList(request["tools"])
      .map(asRecord)
      .map((tool) => tool["name"] ?? asRecord(tool["function"])["name"])
      .filter((name) => typeof name === "string")
  }
}

const asRecord = (value: unknown): Record<string, unknown> =>
  // The check makes it an object; its fields stay unknown.
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

const asList = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

const hasText = (content: unknown): boolean =>
  typeof content === "string" ||
  asList(content).some((block) => ["text", "input_text"].includes(String(asRecord(block)["type"])))

const textOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : asList(content)
        .map(asRecord)
        .map((block) => (typeof block["text"] === "string" ? block["text"] : ""))
        .filter((text) => text !== "")
        .join("\n")
