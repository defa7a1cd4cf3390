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
import { Duration, Effect } from "effect"
import type { HostOptions } from "./config/HostOptions.ts"
import type { KeptStores } from "./HostSetup.ts"
import type { ChosenModel } from "./models/chooseModel.ts"
import { conversationContext } from "./turnContext.ts"

/** What all conversations have whose history is the host's, whoever holds them. */
export type ConversationParts = Pick<
  ConversationOptions,
  "limits" | "request" | "hooks" | "context" | "store" | "window"
>

/** What to say for which model, what is added to each call, and where all of it is kept. */
export const conversationParts = (
  { conversation, history, model }: Pick<HostOptions, "conversation" | "history" | "model">,
  hooks: TurnHooks,
  { budget, context }: Pick<ChosenModel, "budget" | "context">,
  { conversationStore: store, resultStore }: KeptStores
): ConversationParts => ({
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
  context: conversationContext({ conversation }, context, resultStore),
  ...(store === undefined ? {} : { store, ...windowOf(history) })
})

/** The conversations of the program itself. */
export const conversationLayer = (
  options: Pick<HostOptions, "conversation" | "history" | "model">,
  hooks: TurnHooks,
  approval: Approval,
  orchestrator: ServerOrchestrator["Service"],
  chosen: Pick<ChosenModel, "budget" | "context">,
  stores: KeptStores
) =>
  ConversationClient.layer({
    ...conversationParts(options, hooks, chosen, stores),
    approval,
    // Servers may keep a session for each conversation; a conversation that is kept keeps its long results.
    onClose: ({ isKept, ...session }) => {
      const forgotten = stores.resultStore?.forget(session.conversationId) ?? Effect.void
      return Effect.andThen(
        orchestrator.endConversation(session),
        // What cannot be removed now is removed by a later program.
        isKept ? Effect.void : Effect.ignore(forgotten)
      )
    },
    maxSessions: options.conversation.maxSessions,
    idleTimeout: options.conversation.sessionIdleTimeout
  })

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
