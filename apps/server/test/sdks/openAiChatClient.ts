/** `openai`, Chat Completions. */
import OpenAI from "openai"
import { zodResponseFormat } from "openai/helpers/zod"
import {
  type Answer,
  city,
  type Conversation,
  describe,
  model,
  pathSchema,
  type SdkClient,
  type Settings
} from "./Client.ts"

const finishes: Readonly<Record<string, Answer["finish"]>> = { stop: "end", tool_calls: "calls", length: "length" }

const functionFor = (name: string) => ({
  type: "function" as const,
  function: { name, description: describe(name), parameters: pathSchema, strict: true }
})

const requestOf = ({ isStructured, mustCall, thinks, tools }: Settings) => ({
  ...(tools.length === 0 ? {} : { tools: tools.map(functionFor) }),
  ...(mustCall ? { tool_choice: "required" as const } : {}),
  ...(thinks ? { reasoning_effort: "high" as const } : {}),
  ...(isStructured ? { response_format: zodResponseFormat(city, "city") } : {})
})

/** Fields of a message that this server adds, as other servers of this API do. */
interface Added {
  readonly reasoning_content?: string
  readonly mcp_calls?: ReadonlyArray<{ readonly name: string; readonly output: string | null }>
  /** Where a helper has read it. */
  readonly parsed?: unknown
}

const answerOf = (message: OpenAI.ChatCompletionMessage, finish: string): Answer => {
  const { mcp_calls = [], parsed, reasoning_content } = message as Added
  return {
    text: message.content ?? "",
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === "function"
        ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
        : []
    ),
    hosted: mcp_calls.map(({ name, output }) => `${name}: ${output ?? ""}`),
    thoughts: reasoning_content === undefined ? [] : [reasoning_content],
    finish: finishes[finish],
    parsed
  }
}

export const openAiChatClient: SdkClient = {
  name: "openai chat",
  // Its accumulator keeps the last piece alone of a field that it does not know.
  habits: ({ isStreamed }) => (isStreamed ? ["hides thoughts", "drops thoughts"] : []),
  open: (url, settings): Conversation => {
    const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 }).chat
    const messages: Array<OpenAI.ChatCompletionMessageParam> = []
    const complete = (request: OpenAI.ChatCompletionCreateParamsNonStreaming) => {
      if (settings.isStreamed) return completions.stream({ ...request, stream: true }).finalChatCompletion()
      return settings.isStructured ? completions.parse(request) : completions.create(request)
    }
    const ask = async (...said: ReadonlyArray<OpenAI.ChatCompletionMessageParam>): Promise<Answer> => {
      messages.push(...said)
      const { choices } = await complete({ model, messages, ...requestOf(settings) })
      const [choice] = choices
      if (choice === undefined) throw new Error("There is no choice.")
      messages.push(choice.message)
      return answerOf(choice.message, choice.finish_reason)
    }
    return {
      say: ({ image, text }) => {
        const url = `data:image/png;base64,${image}`
        const shown = image === undefined ? [] : [{ type: "image_url" as const, image_url: { url } }]
        return ask({ role: "user", content: [...shown, { type: "text", text }] })
      },
      answer: (results) =>
        ask(...results.map(({ call, output }) => ({ role: "tool" as const, tool_call_id: call.id, content: output })))
    }
  }
}
