/**
 * Conversations as the configuration wants them, over a model and a toolbox.
 */
import {
  type Approval,
  ConversationClient,
  type ConversationOptions,
  type MemoryWindow,
  type TurnHooks
} from "@signalbox/conversation"
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Context, Duration, Effect, Layer } from "effect"
import type { HostOptions } from "./config/HostOptions.ts"
import { type HostSeams, noSeams } from "./HostSeams.ts"
import type { KeptStores } from "./HostSetup.ts"
import type { ChosenModel } from "./models/chooseModel.ts"
import { conversationContext } from "./turnContext.ts"

/** What to say for which model, and what is added to each call. */
export const conversationLayer = (
  { conversation, history, model }: Pick<HostOptions, "conversation" | "history" | "model">,
  hooks: TurnHooks,
  approval: Approval,
  orchestrator: ServerOrchestrator["Service"],
  { budget, context }: Pick<ChosenModel, "budget" | "context">,
  { conversationStore: store, resultStore, seams = noSeams }: KeptStores
) =>
  seenBy(seams)({
    limits: {
      maxHops: conversation.maxHops,
      toolConcurrency: conversation.toolConcurrency,
      toolTimeout: conversation.toolTimeout,
      ...(budget === undefined ? {} : { budget })
    },
    request: {
      system: model.systemPrompt === "" ? [] : [{ type: "text", text: model.systemPrompt }],
      ...(model.responseBands.length === 0 ? { maxTokens: model.maxTokens } : {})
    },
    hooks,
    approval,
    context: conversationContext({ conversation }, context, resultStore),
    ...(store === undefined ? {} : { store, ...windowOf(history) }),
    // Servers may keep a session for each conversation; a conversation that is kept keeps its long results.
    onClose: ({ isKept, ...session }) =>
      Effect.andThen(
        orchestrator.endConversation(session),
        // What cannot be removed now is removed by a later program.
        isKept || resultStore === undefined ? Effect.void : Effect.ignore(resultStore.forget(session.conversationId))
      ),
    maxSessions: conversation.maxSessions,
    idleTimeout: conversation.sessionIdleTimeout
  })

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
