/**
 * What the encoders of Chat Completions are told of a turn, and where a stream of chunks stands.
 */
import type { JsonObject, ServedReply, ServedStream } from "@signalbox/model"
import type { CallForms } from "../callForms.ts"
import { startTurn, type TurnState } from "../turnParts.ts"
import { noTokens, type Tokens } from "../usage.ts"
import type { ChatDelta, ChatEvent, FinishReason, McpCallWire } from "./wire.ts"

/** What an answer depends on of its request. `decodeChatRequest` gives it. */
export interface ChatAnswer {
  /** Whether the stream ends with a chunk of usage. Whole answers always have it. */
  readonly includeUsage: boolean
  readonly callForms: CallForms
}

/** What the encoder of a stream must know of a turn. */
export interface ChatStream extends ServedStream, ChatAnswer {
  /** Seconds since 1970. */
  readonly created: number
}

/** What the encoder of a whole answer must know of a turn. */
export interface ChatReply extends ServedReply, Pick<ChatAnswer, "callForms"> {
  /** Seconds since 1970. */
  readonly created: number
}

/** Where a stream stands. Make one with `startChatStream`. */
export interface ChatState {
  readonly stream: Omit<ChatStream, "runBy">
  readonly turn: TurnState
  /** The message as far as it has been told. */
  readonly content: string
  readonly reasoning: string
  readonly refusal: string | undefined
  readonly details: ReadonlyArray<JsonObject>
  readonly toolCalls: ReadonlyArray<JsonObject>
  readonly hostCalls: ReadonlyArray<McpCallWire>
  /** Where the content is from. */
  readonly annotations: ReadonlyArray<JsonObject>
  /** Whether the text that comes next is of another model call than the one before. */
  readonly isBetweenSteps: boolean
  readonly open: OpenCall | undefined
  /** Whether a piece of the running thought has been sent. */
  readonly isThoughtShown: boolean
  /** The model call whose calls the caller has to run. */
  readonly callerStep: number | undefined
  readonly finish: FinishReason | null
  readonly tokens: Tokens
}

/** A call that is being told. */
export interface OpenCall {
  readonly id: string
  readonly name: string
  /** Who runs it, where that is not the caller. */
  readonly source: string | undefined
  readonly isCustom: boolean
}

/** The next state, and what to send. */
export type Encoded = readonly [ChatState, ReadonlyArray<ChatEvent>]

/** The state before anything was sent. */
export const startChatStream = ({ runBy, ...stream }: ChatStream): ChatState => ({
  stream,
  turn: startTurn({ runBy }),
  content: "",
  reasoning: "",
  refusal: undefined,
  details: [],
  toolCalls: [],
  hostCalls: [],
  annotations: [],
  isBetweenSteps: false,
  open: undefined,
  isThoughtShown: false,
  callerStep: undefined,
  finish: null,
  tokens: noTokens
})

/** A chunk with a piece of the message. */
export const chunk = (
  { stream }: ChatState,
  delta: ChatDelta,
  finish_reason: FinishReason | null = null
): ChatEvent => ({
  type: "chunk",
  chunk: {
    id: stream.id,
    object: "chat.completion.chunk",
    created: stream.created,
    model: stream.model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(stream.includeUsage ? { usage: null } : {})
  }
})

/** Texts of different model calls are different paragraphs. */
export const paragraph = "\n\n"
