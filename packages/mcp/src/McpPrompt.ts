/**
 * What a server offers beside tools: prompts and resources. Names and texts are the server's own: foreign.
 */
import type { Effect, Stream } from "effect"
import type { ServerError } from "./errors.ts"
import type { Fresh } from "./freshList.ts"
import type { JsonObject } from "./McpTool.ts"
import type { Respondent } from "./Questions.ts"

/** A list of the server. What cannot be used is left out and told in `problems`. */
export interface Listing<A> extends Fresh {
  readonly items: ReadonlyArray<A>
  readonly problems: ReadonlyArray<string>
}

/** One argument of a prompt. */
export interface PromptArgument {
  readonly name: string
  readonly description?: string
  readonly isRequired: boolean
}

/** One prompt as the server lists it. */
export interface McpPrompt {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly arguments: ReadonlyArray<PromptArgument>
}

/** A prompt with its arguments filled in. */
export interface PromptMessages {
  readonly description?: string
  /** Each with one content block, as it came. */
  readonly messages: ReadonlyArray<{ readonly role: "user" | "assistant"; readonly content: JsonObject }>
}

/** One resource as the server lists it. */
export interface McpResource {
  readonly uri: string
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly mimeType?: string
  readonly sizeBytes?: number
}

/** Resources whose addresses have parts to be filled in (RFC 6570). */
export interface McpResourceTemplate {
  readonly uriTemplate: string
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly mimeType?: string
}

/** What a resource holds: a text, or bytes in base64. */
export type ResourceContent = { readonly uri: string; readonly mimeType?: string } & (
  | { readonly text: string }
  | { readonly blob: string }
)

/** The prompts of a server. Without that capability its list is empty. */
export interface Prompts {
  readonly list: Effect.Effect<Listing<McpPrompt>, ServerError>
  /** `respondent` answers what the server asks back, in the revision where a prompt may ask (2026-07-28). */
  readonly get: (prompt: {
    readonly name: string
    readonly arguments?: Readonly<Record<string, string>>
    readonly respondent?: Respondent
  }) => Effect.Effect<PromptMessages, ServerError>
  readonly changed: Stream.Stream<void>
}

/** The resources of a server. Without that capability its lists are empty. */
export interface Resources {
  readonly list: Effect.Effect<Listing<McpResource>, ServerError>
  readonly templates: Effect.Effect<Listing<McpResourceTemplate>, ServerError>
  readonly read: (resource: {
    readonly uri: string
    readonly respondent?: Respondent
  }) => Effect.Effect<ReadonlyArray<ResourceContent>, ServerError>
  /** Subscribes for as long as it is read. One element a change: the address of what changed, which may lie below `uri`. */
  readonly updates: (uri: string) => Stream.Stream<string, ServerError>
  readonly changed: Stream.Stream<void>
}

/** What is to be completed: an argument of a prompt, or a part of a template. */
export interface CompletionRequest {
  readonly of: { readonly prompt: string } | { readonly uriTemplate: string }
  readonly argument: string
  /** What has been typed so far. */
  readonly value: string
  /** Arguments that are settled already. */
  readonly settled?: Readonly<Record<string, string>>
}

/** Values that fit. */
export interface Completion {
  readonly values: ReadonlyArray<string>
  readonly total?: number
  readonly hasMore: boolean
}

/** Severities of RFC 5424, from the least. */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency"
