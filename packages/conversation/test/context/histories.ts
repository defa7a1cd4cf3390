/** Histories of all shapes that conversations have, and their tokens: ten for a message and one for each character. */
import type { ContentBlock, Message } from "@signalbox/model"
import { textMessage, textOf } from "@signalbox/model"
import { Schema } from "effect"

export const tokensOf = ({ content }: Message): number =>
  content.reduce((sum, block) => {
    if (block.type === "text") return sum + block.text.length
    if (block.type === "tool_result")
      return sum + (typeof block.content === "string" ? block.content.length : textOf(block.content ?? []).length)
    return sum + 10
  }, 10)

export const total = (messages: ReadonlyArray<Message>): number =>
  messages.reduce((sum, message) => sum + tokensOf(message), 0)

export const call = (id: string, name = "look"): ContentBlock => ({ type: "tool_use", id, name, input: {} })

export const result = (id: string, text: string): ContentBlock => ({
  type: "tool_result",
  tool_use_id: id,
  content: [{ type: "text", text }]
})

/** One thing that happens in a conversation. */
export const Step = Schema.Struct({
  kind: Schema.Literals(["ask", "ask", "answer", "tools", "tools", "thinking", "image", "system", "goOn"]),
  length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 })),
  calls: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 }))
})
type Step = typeof Step.Type

const calls = (index: number, { calls }: Step) => Array.from({ length: calls }, (_, place) => `c${index}x${place}`)

const text = (length: number): ContentBlock => ({ type: "text", text: "x".repeat(length) })

/** What the model does; a user is next. */
const answered = (index: number, step: Step): ReadonlyArray<Message> => {
  const thinking: ContentBlock = { type: "thinking", thinking: "x".repeat(step.length), signature: `s${index}` }
  if (step.kind === "answer") return [{ role: "assistant", content: [text(step.length)] }]
  const ids = calls(index, step)
  const content = [...(step.kind === "thinking" ? [thinking] : []), ...ids.map((id) => call(id))]
  return [
    { role: "assistant", content },
    { role: "user", content: ids.map((id) => result(id, "x".repeat(step.length))) }
  ]
}

const asked = (index: number, step: Step): Message =>
  step.kind === "image"
    ? {
        role: "user",
        content: [
          { type: "text", text: `question ${index}`, cache_control: { type: "ephemeral" } },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }
        ]
      }
    : textMessage("user", `question ${index} ${"x".repeat(step.length)}`)

/** A history that a provider takes and that is about to be answered, from any steps. */
export const historyOf = (steps: ReadonlyArray<Step>): ReadonlyArray<Message> => {
  const messages: Array<Message> = [textMessage("user", "question first")]
  steps.forEach((step, index) => {
    const last = messages.at(-1)
    const isUsers = last?.role === "user"
    if (step.kind === "system") messages.push({ role: "system", content: [text(step.length)] })
    else if (step.kind === "goOn") {
      // What a user says after results stands in the same message.
      if (isUsers) messages[messages.length - 1] = { ...last, content: [...last.content, text(step.length)] }
    } else if (step.kind === "ask" || step.kind === "image") {
      if (!isUsers) messages.push(asked(index, step))
    } else if (isUsers) messages.push(...answered(index, step))
  })
  return messages.at(-1)?.role === "user" ? messages : [...messages, textMessage("user", "question last")]
}
