/**
 * The port through which a running tool call asks a person or a model. Every front end brings its own;
 * where there is nobody to ask, `Interaction.decline` says no to everything, at once.
 */
import { Effect } from "effect"
import type { JsonObject } from "./ContentBlock.ts"
import type { ModelError } from "./errors.ts"
import type { ModelReply, ModelRequest } from "./Message.ts"
import type { ToolDefinition } from "./Tool.ts"

/** A tool call that somebody has to allow before it is run. */
export interface ApprovalRequest {
  readonly tool: ToolDefinition
  readonly input: JsonObject
  /** Why it is asked: the policy rule, or the annotation that is missing. */
  readonly reason: string
  /** The id of the `tool_use` block, so that the call can be put off; absent where something of it has been done already. */
  readonly callId?: string
  /** The tool itself asks, whatever the rules of whoever makes the call say. */
  readonly isAskedByTool?: boolean
}

/** What a yes is for: this call, this tool as long as the conversation lasts, or these arguments from now on. */
export type ApprovalReach = "once" | "conversation" | "always"

/**
 * The answer to it. `refused`: somebody said no. `nobody`: there is nobody to ask; the model is told and goes on.
 * `later`: nobody can be asked during this turn, so it ends, and a later request may approve the call.
 */
export type ApprovalDecision =
  | { readonly isApproved: true; readonly remember: ApprovalReach }
  /** `reason` is for the model and for whoever reads the result; for `nobody` and `later` it says what would help. */
  | { readonly isApproved: false; readonly because: "refused" | "nobody" | "later"; readonly reason: string }

/** A question of a server to the person (MCP elicitation): a form by JSON Schema, or a page to visit. */
export type ElicitationRequest =
  | { readonly mode: "form"; readonly message: string; readonly schema: JsonObject }
  | { readonly mode: "url"; readonly message: string; readonly url: string }

/** Who asks: the server, or another source of tools, whose call it is about. */
export interface Asker {
  readonly source: string
}

/** What became of the question. `decline` is a no; `cancel` means that nobody decided. */
export type ElicitationAnswer =
  | { readonly action: "accept"; readonly content?: JsonObject }
  | { readonly action: "decline" | "cancel" }

/** How far a tool call has come. `total` is absent where the server does not know it. */
export interface ToolProgress {
  readonly progress: number
  readonly total?: number
  readonly message?: string
}

/**
 * The way from a tool call back to a person or a model. Every member may take as long as a person does; interrupting
 * it withdraws the question.
 */
export interface Interaction {
  readonly approve: (request: ApprovalRequest) => Effect.Effect<ApprovalDecision>
  readonly elicit: (request: ElicitationRequest, asker: Asker) => Effect.Effect<ElicitationAnswer>
  /** Answers a server that wants a model (MCP sampling); `undefined` when that is declined. */
  readonly sample: (request: ModelRequest, asker: Asker) => Effect.Effect<ModelReply | undefined, ModelError>
  readonly progress: (update: ToolProgress) => Effect.Effect<void>
}

const decline: Interaction = {
  approve: () => Effect.succeed({ isApproved: false, because: "nobody", reason: "There is nobody to ask here." }),
  elicit: () => Effect.succeed({ action: "decline" }),
  sample: () => Effect.succeed(undefined),
  progress: () => Effect.void
}

export const Interaction = {
  /** For calls without a person behind them. */
  decline
}
