/**
 * Conversations as the configuration wants them, over a model and a toolbox.
 */
import {
  type Approval,
  ConversationClient,
  type ConversationOptions,
  joinHooks,
  type MemoryWindow,
  type TurnHooks
} from "@signalbox/conversation"
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Context, Duration, Effect, Layer } from "effect"
import type { HostOptions } from "./config/HostOptions.ts"
import { type HostSeams, noSeams } from "./HostSeams.ts"
import type { KeptStores } from "./HostSetup.ts"
import type { ChosenModel } from "./models/chooseModel.ts"
import type { ProjectRules } from "./rules/ProjectRules.ts"
import { sessionRules } from "./rules/sessionRules.ts"
import { conversationContext } from "./turnContext.ts"
import { turnLimits } from "./turnLimits.ts"

/** What conversations are made of. */
export interface ConversationParts {
  readonly options: Pick<HostOptions, "conversation" | "history" | "model">
  /** What is added to each call, hooks of the configuration included. */
  readonly hooks: TurnHooks
  readonly approval: Approval
  readonly orchestrator: ServerOrchestrator["Service"]
  readonly model: Pick<ChosenModel, "budget" | "context">
  readonly kept: KeptStores
  readonly rules: ProjectRules["Service"]
  /** Whose they are, where they are those of an agent. */
  readonly agent?: string
}

/** What conversations have whose history is the host's, whoever holds them. */
export type ConversationSettings = Pick<ConversationOptions, "limits" | "request" | "context" | "store" | "window">

/** What to say for which model, and where all of it is kept. */
export const conversationSettings = ({
  kept: { conversationStore: store, resultStore },
  model: { budget, context },
  options: { conversation, history, model }
}: Pick<ConversationParts, "kept" | "model" | "options">): ConversationSettings => ({
  limits: turnLimits(conversation, budget),
  request: {
    system: model.systemPrompt === "" ? [] : [{ type: "text", text: model.systemPrompt }],
    ...(model.responseBands.length === 0 ? { maxTokens: model.maxTokens } : {})
  },
  context: conversationContext({ conversation }, context, resultStore),
  ...(store === undefined ? {} : { store, ...windowOf(history) })
})

/** The conversations of the program itself, with what is added to each call. */
export const conversationLayer = (parts: ConversationParts) => {
  const { agent, approval, hooks, kept, options, orchestrator, rules } = parts
  const { conversation } = options
  const { resultStore, seams = noSeams } = kept
  const settings = conversationSettings(parts)
  const { system } = settings.request
  const { around, ended, gate } = sessionRules({
    instructions: rules.instructions,
    hooks: rules.hooks(agent),
    system
  })
  const forget = ({ conversationId }: { readonly conversationId: string }) =>
    // What cannot be removed now is removed by a later program.
    resultStore === undefined ? Effect.void : Effect.ignore(resultStore.forget(conversationId))
  const client = seenBy(seams)({
    ...settings,
    hooks: joinHooks([gate, hooks]),
    approval,
    // Servers may keep a session for each conversation; a conversation that is kept keeps its long results.
    onClose: (session) =>
      orchestrator
        .endConversation(session)
        .pipe(Effect.andThen(session.isKept ? Effect.void : forget(session)), Effect.andThen(ended(session))),
    maxSessions: conversation.maxSessions,
    idleTimeout: conversation.sessionIdleTimeout
  })
  return Layer.effect(ConversationClient, Effect.map(ConversationClient, around)).pipe(Layer.provide(client))
}

/** The conversations, as the seams give them. */
const seenBy = (seams: HostSeams) => (options: ConversationOptions) =>
  Layer.effect(
    ConversationClient,
    Effect.map(Layer.build(ConversationClient.layer(options)), (built) =>
      seams.conversations(Context.get(built, ConversationClient))
    )
  )

/** What of a kept conversation the model is shown; all of it where nothing limits it. */
const windowOf = ({ maxAge, maxMessages }: HostOptions["history"]): { readonly window?: MemoryWindow } =>
  maxAge === "unlimited" && maxMessages === "unlimited"
    ? {}
    : {
        window: {
          maxEvents: maxMessages === "unlimited" ? Number.MAX_SAFE_INTEGER : maxMessages,
          maxAge: maxAge === "unlimited" ? Duration.infinity : maxAge
        }
      }
