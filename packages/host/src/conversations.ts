/**
 * Conversations as the configuration wants them, over a model and a toolbox.
 */
import { ConversationClient, type TurnHooks } from "@signalbox/conversation"
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import type { HostOptions } from "./config/HostOptions.ts"
import type { ChosenModel } from "./models/chooseModel.ts"

/** What to say for which model, and what is added to each call. */
export const conversationLayer = (
  { conversation, model }: Pick<HostOptions, "conversation" | "model">,
  hooks: TurnHooks,
  orchestrator: ServerOrchestrator["Service"],
  { budget }: Pick<ChosenModel, "budget">
) =>
  ConversationClient.layer({
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
    // Servers may keep a session for each conversation.
    onClose: orchestrator.endConversation,
    maxSessions: conversation.maxSessions,
    idleTimeout: conversation.sessionIdleTimeout
  })
