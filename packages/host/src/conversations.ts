/**
 * Conversations as the configuration wants them, over a model and a toolbox.
 */
import { ConversationClient, type TurnHooks } from "@signalbox/conversation"
import { type HostOptions } from "./config/HostOptions.ts"

/** What to say for which model, and what is added to each call. */
export const conversationLayer = (
  { conversation, model }: Pick<HostOptions, "conversation" | "model">,
  hooks: TurnHooks
) =>
  ConversationClient.layer({
    limits: {
      maxHops: conversation.maxHops,
      toolConcurrency: conversation.toolConcurrency,
      toolTimeout: conversation.toolTimeout
    },
    request: {
      system: model.systemPrompt === "" ? [] : [{ type: "text", text: model.systemPrompt }],
      maxTokens: model.maxTokens
    },
    hooks,
    maxSessions: conversation.maxSessions,
    idleTimeout: conversation.sessionIdleTimeout
  })
