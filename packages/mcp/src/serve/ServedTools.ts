/**
 * Tools that are offered to MCP clients: what there is, and calling it. Nothing here knows of a protocol era; a question is
 * an answer of its own, because the newest era has clients ask their persons between two calls.
 */
import type { Effect, Stream } from "effect"
import type { JsonObject } from "../McpTool.ts"

/** A tool as it is listed. */
export interface ServedTool {
  readonly name: string
  readonly title?: string
  readonly description: string
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  /** Hints (MCP `ToolAnnotations`). */
  readonly annotations: JsonObject
}

/** A call of a client. */
export interface ServedCall {
  readonly name: string
  readonly input: JsonObject
  /** What the person behind the client says to the question that this call led to before; absent where none was asked. */
  readonly isApproved: boolean | undefined
  /** Tells the client how far the call has come, where it wants to know that. */
  readonly progress: (update: {
    readonly progress: number
    readonly total?: number
    readonly message?: string
  }) => Effect.Effect<void>
}

/** What a tool has to say, in the words of the protocol. */
export interface ServedResult {
  readonly _tag: "Result"
  /** MCP content blocks. */
  readonly content: ReadonlyArray<JsonObject>
  readonly structuredContent?: JsonObject
  readonly isError: boolean
}

/** What becomes of a call. */
export type ServedAnswer =
  | ServedResult
  /** Nothing was run: the person has to say yes first. `otherwise` is for clients that cannot ask. */
  | { readonly _tag: "Ask"; readonly question: string; readonly otherwise: ServedResult }
  | { readonly _tag: "Unknown"; readonly message: string }

/** What is served. */
export interface ServedTools {
  readonly name: string
  readonly version: string
  /** What the model behind the client should know. */
  readonly instructions: string
  readonly list: Effect.Effect<ReadonlyArray<ServedTool>>
  /** Whenever the list has become another one. */
  readonly changes: Stream.Stream<unknown>
  /** Interrupted when the client cancels the call, or leaves. */
  readonly call: (call: ServedCall) => Effect.Effect<ServedAnswer>
}
