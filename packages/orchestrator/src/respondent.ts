/**
 * Lets a server that asks something during a call ask the person, or the model, behind that call.
 */
import type { Respondent, Sampling, SamplingMessage, SamplingReply } from "@signalbox/mcp"
import {
  type CallContext,
  type ContentBlock,
  Interaction,
  type Message,
  type ModelReply,
  type ModelRequest
} from "@signalbox/model"
import { Effect } from "effect"

/** The respondent of a call to a server; nothing where there is nobody behind it. */
export const respondentOf = (
  { conversationId, interaction, principal }: CallContext,
  serverName: string
): Respondent | undefined => {
  const { elicit, sample } = interaction
  if (elicit === Interaction.decline.elicit && sample === Interaction.decline.sample) return undefined
  const asker = { source: serverName }
  return {
    id: `${principal}\0${conversationId}`,
    elicit: (question) =>
      elicit(
        question.mode === "form"
          ? { mode: "form", message: question.message, schema: question.schema }
          : { mode: "url", message: question.message, url: question.url },
        asker
      ),
    sample: (wish) =>
      sample(modelRequest(wish), asker).pipe(
        Effect.map((reply) => (reply === undefined ? undefined : samplingReply(reply))),
        Effect.catch((error) =>
          Effect.as(Effect.logWarning(`A server's wish for a model failed: ${error.message}`), undefined)
        )
      )
  }
}

/** Which model answers is not for the server to say: its hints are dropped. */
const modelRequest = (wish: Sampling): ModelRequest => ({
  model: "",
  system: wish.systemPrompt === undefined ? [] : [{ type: "text", text: wish.systemPrompt }],
  messages: wish.messages.map(message),
  tools: [],
  maxTokens: wish.maxTokens,
  ...(wish.temperature === undefined ? {} : { temperature: wish.temperature }),
  ...(wish.stopSequences === undefined ? {} : { stopSequences: wish.stopSequences })
})

const message = ({ content, role }: SamplingMessage): Message => ({ role, content: content.map(block) })

const block = (given: SamplingMessage["content"][number]): ContentBlock => {
  const { data, mimeType, text, type } = given
  if (type === "text" && typeof text === "string") return { type, text }
  if (type === "image" && typeof data === "string" && typeof mimeType === "string") {
    return { type, source: { type: "base64", media_type: mimeType, data } }
  }
  return { type: "opaque", vendor: "mcp", block: given }
}

/** The words of MCP for why a reply ended; others are handed on. */
const stopReasons: Readonly<Record<string, string>> = {
  end_turn: "endTurn",
  max_tokens: "maxTokens",
  stop_sequence: "stopSequence",
  tool_use: "toolUse"
}

const samplingReply = ({ content, model, stop_reason }: ModelReply): SamplingReply => ({
  model,
  content: content.flatMap((part) => (part.type === "text" ? [{ type: part.type, text: part.text }] : [])),
  ...(stop_reason === null ? {} : { stopReason: stopReasons[stop_reason] ?? stop_reason })
})
