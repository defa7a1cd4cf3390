/**
 * What a server may ask back, and who answers. The owner of a connection says once what can be answered at all,
 * which the server is told in the handshake; the respondent of a call answers what is asked during that call.
 */
import type { Effect } from "effect"
import type { JsonObject } from "./McpTool.ts"
import { tasksExtension } from "./wire.ts"

/** A question to the person (MCP elicitation): a form by JSON Schema, or a page to visit. Foreign text. */
export type Elicitation =
  | {
      readonly mode: "form"
      readonly message: string
      readonly schema: JsonObject
      /** What is wrong with an answer, so that it can be asked for again; nothing when it is right. */
      readonly violation: (content: JsonObject) => string | undefined
    }
  | { readonly mode: "url"; readonly message: string; readonly url: string }

/** What the person said. An accepted form has content that fits its schema; absent members get its defaults. */
export type ElicitationReply =
  | { readonly action: "accept"; readonly content?: JsonObject }
  | { readonly action: "decline" | "cancel" }

/** A message of a conversation that the server wants continued. */
export interface SamplingMessage {
  readonly role: "user" | "assistant"
  readonly content: ReadonlyArray<JsonObject & { readonly type: string }>
}

/** A wish for a model (MCP sampling). */
export interface Sampling {
  readonly messages: ReadonlyArray<SamplingMessage>
  /** The most tokens that the answer may have. */
  readonly maxTokens: number
  readonly systemPrompt?: string
  readonly temperature?: number
  readonly stopSequences?: ReadonlyArray<string>
  /** Everything that was asked, preferences among models included. */
  readonly params: JsonObject
}

/** What the model answered. */
export interface SamplingReply {
  readonly model: string
  readonly content: ReadonlyArray<JsonObject & { readonly type: string }>
  /** `endTurn`, `stopSequence`, `maxTokens`, or another word. */
  readonly stopReason?: string
}

/** A place in which the server may work. */
export interface Root {
  readonly uri: string
  readonly name?: string
}

/** Answers the questions of a call. Interrupted when the call ends first. */
export interface Respondent {
  /**
   * For whom it speaks. Over stdio a question does not say to which call it belongs; where several are under way, it
   * is asked only if all of them have the same id.
   */
  readonly id: string
  readonly elicit: (question: Elicitation) => Effect.Effect<ElicitationReply>
  /** `undefined` declines. */
  readonly sample: (wish: Sampling) => Effect.Effect<SamplingReply | undefined>
}

/** What can be answered on a connection. Nothing else is declared to the server. */
export interface Questions {
  readonly elicitation: ReadonlyArray<"form" | "url">
  readonly sampling: boolean
  readonly roots: ReadonlyArray<Root> | undefined
}

/** For connections with nobody to ask. */
export const noQuestions: Questions = { elicitation: [], sampling: false, roots: undefined }

/** The capabilities that say so, and that we follow tasks (MCP schema, `ClientCapabilities`). */
export const capabilitiesOf = ({ elicitation, roots, sampling }: Questions) => ({
  extensions: { [tasksExtension]: {} },
  ...(elicitation.length === 0 ? {} : { elicitation: Object.fromEntries(elicitation.map((mode) => [mode, {}])) }),
  ...(sampling ? { sampling: {} } : {}),
  ...(roots === undefined ? {} : { roots: {} })
})
