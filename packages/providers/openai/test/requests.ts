/** What a request becomes on the wire, and the pieces of conversations. */
import type { ContentBlock, Message, ModelRequest } from "@signalbox/model"
import { type Dialect, openAiDefaults, type OpenAiOptions } from "@signalbox/provider-openai"
import { Effect } from "effect"
import { withCannedAnswer } from "./support.ts"

const chatAnswer = JSON.stringify({ choices: [{ message: { content: "ok" }, finish_reason: "stop" }] })
const responsesAnswer = JSON.stringify({ id: "r", status: "completed", output: [] })

export type Body = Readonly<Record<string, unknown>>

/** The body that a request is sent as. */
export const bodyOf = (request: ModelRequest, options: Partial<OpenAiOptions> = {}) =>
  withCannedAnswer(
    [options.api === "responses" ? responsesAnswer : chatAnswer],
    (model, bodies) => Effect.map(model.generate(request), (): Body => bodies[0] ?? {}),
    options,
    "application/json"
  )

/** OpenAI's dialect, but for these. */
export const dialectWith = (fields: Partial<Dialect>): Partial<OpenAiOptions> => ({
  dialect: { ...openAiDefaults.dialect, ...fields }
})

/** The messages of a body, whose fields a test looks at. */
export const messagesIn = (body: Body): ReadonlyArray<Body> =>
  Array.isArray(body["messages"] ?? body["input"]) ? ((body["messages"] ?? body["input"]) as ReadonlyArray<Body>) : []

export const png = { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } } as const
export const dataUrl = "data:image/png;base64,AA=="
export const text = (words: string) => ({ type: "text", text: words }) as const
export const use = (id: string, input = {}, name = "read") => ({ type: "tool_use", id, name, input }) as const
export const user = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "user", content })
export const assistant = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "assistant", content })
export const system = (words: string, vendor?: Message["vendor"]): Message => ({
  role: "system",
  content: [text(words)],
  ...(vendor === undefined ? {} : { vendor })
})
export const result = (id: string, content: Extract<ContentBlock, { type: "tool_result" }>["content"] = "r") =>
  ({ type: "tool_result", tool_use_id: id, ...(content === undefined ? {} : { content }) }) as const
/** A block of the Messages API that the vocabulary does not know. */
export const opaque = (block: Body) => ({ type: "opaque", vendor: "anthropic", block }) as const
export const anthropic = (fields: Body) => ({ vendor: { anthropic: fields } })
export const pdf = {
  type: "document",
  title: "a.pdf",
  source: { type: "base64", media_type: "application/pdf", data: "AA==" }
} as const
