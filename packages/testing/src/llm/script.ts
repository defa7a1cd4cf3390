/**
 * What fx-llm answers, as plain data that names no vendor: the same script renders to the Anthropic Messages wire, the
 * Chat Completions wire and the Responses wire with equal meaning. Rules are tried first, in order; replies outside rules are used up one per
 * request; what happens after the last one is `whenExhausted`.
 */
import type { Fault } from "./faults.ts"

/** One piece of a model answer, in the order in which the model produced it. Text may be given as the exact chunks to stream. */
export type Block =
  | { readonly type: "text"; readonly text: string | ReadonlyArray<string> }
  | { readonly type: "thinking"; readonly thinking: string | ReadonlyArray<string>; readonly signature?: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "tool_call"; readonly name: string; readonly input: unknown; readonly id?: string }
  /** A Messages block sent as it is and complete (server_tool_use, mcp_tool_use, mcp_tool_result …); the other dialects leave it out. */
  | { readonly type: "messages_only"; readonly block: { readonly type: string; readonly [key: string]: unknown } }

/** Anthropic's words; Chat answers say `stop`, `length`, `tool_calls` and `content_filter` for them. */
export type StopReason =
  | "end_turn"
  | "tool_use"
  | "max_tokens"
  | "stop_sequence"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded"

/** Tokens; `inputTokens` excludes cached ones (Chat adds them up). What is left out is estimated from the lengths. */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  readonly thinkingTokens?: number
}

/**
 * One answer. `thinking`, `text` and `toolCalls` are sent in that order; `blocks` gives an exact order instead.
 * Strings anywhere in text and tool inputs may hold `{{lastUserText}}`, `{{lastToolResult}}`, `{{toolResults}}` (all of the
 * last turn, joined by newlines), `{{model}}` and `{{n}}` (the number of the request, from 1).
 */
export interface Reply {
  readonly text?: string | ReadonlyArray<string>
  readonly thinking?: string | ReadonlyArray<string>
  readonly toolCalls?: ReadonlyArray<{ readonly name: string; readonly input?: unknown; readonly id?: string }>
  readonly blocks?: ReadonlyArray<Block>
  /** Default: `tool_use` when the answer calls a tool, else `end_turn`. */
  readonly stopReason?: StopReason
  readonly stopSequence?: string
  readonly usage?: Usage
  /** Characters per streamed piece, or the sizes one after another (the last repeats). Default 16. */
  readonly chunks?: number | ReadonlyArray<number>
  /** Streams the arguments of several tool calls alternately. Only Chat can: Messages blocks never overlap. */
  readonly interleaveToolCalls?: boolean
  /** Milliseconds before the response headers. */
  readonly firstByteDelayMs?: number
  /** Milliseconds before each streamed piece. */
  readonly delayMs?: number
  /**
   * Waits until `release()`: `"start"` before the response headers, a number after so many streamed pieces (0 = after the
   * opening events). Several numbers make several gates, each opened by one `release()`. A JSON answer waits before its body.
   */
  readonly hold?: "start" | number | ReadonlyArray<"start" | number>
  readonly headers?: Readonly<Record<string, string>>
  readonly fault?: Fault
}

/** Every condition given must hold. Texts match case-sensitively; patterns are sources of regular expressions. */
export interface Match {
  readonly lastUserTextContains?: string
  readonly lastUserTextMatches?: string
  readonly systemContains?: string
  /** Number of the model request since the start, from 1. */
  readonly nth?: number
  /** Whether the last turn of the request brings tool results. */
  readonly hasToolResults?: boolean
  readonly lastToolResultContains?: string
  /** A tool of this name is offered. */
  readonly offersTool?: string
  readonly model?: string
  readonly dialect?: "messages" | "chat" | "responses"
}

/** A reply for every request that matches, or several replies used one after another (the last repeats). */
export interface Rule {
  readonly when: Match
  readonly reply: Reply | ReadonlyArray<Reply>
  /** How often the rule may answer. Default: without limit. */
  readonly times?: number
}

/** Rules and replies; a single reply answers every request. */
export type Script = Reply | ReadonlyArray<Reply | Rule>

/** Narrows one element of a script. */
export const isRule = (entry: Reply | Rule): entry is Rule => "when" in entry
