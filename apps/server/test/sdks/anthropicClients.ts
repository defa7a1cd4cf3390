/** `@anthropic-ai/sdk`, in both of its major versions. */
import Anthropic from "@anthropic-ai/sdk"
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod"
import Anthropic0 from "@anthropic-ai/sdk-0"
import { type Answer, city, type Conversation, describe, model, pathSchema, type SdkClient, textIn } from "./Client.ts"

const finishes: Readonly<Record<string, Answer["finish"]>> = {
  end_turn: "end",
  tool_use: "calls",
  max_tokens: "length"
}

/** Blocks with the fields of those that the types of the client do not know outside its beta. */
interface AnyBlock {
  readonly type: string
  readonly id: string
  readonly name: string
  readonly input: unknown
  readonly text: string
  readonly thinking: string
  readonly tool_use_id: string
  readonly content: unknown
}

/** An answer of the Messages API, whoever read it. */
export const answerOf = (content: ReadonlyArray<unknown>, stopReason: string): Answer => {
  const blocks = content as ReadonlyArray<AnyBlock>
  const those = (type: string) => blocks.filter((block) => block.type === type)
  return {
    text: those("text")
      .map(({ text }) => text)
      .join(""),
    calls: those("tool_use").map(({ id, input, name }) => ({ id, name, input })),
    hosted: those("mcp_tool_use").map(({ id, name }) => {
      const result = those("mcp_tool_result").find(({ tool_use_id }) => tool_use_id === id)
      return `${name}: ${textIn(result?.content)}`
    }),
    thoughts: those("thinking").map(({ thinking }) => thinking),
    finish: finishes[stopReason]
  }
}

const anthropicClient = (name: string, Sdk: typeof Anthropic): SdkClient => ({
  name,
  habits: () => [],
  open: (url, { isStreamed, isStructured, mustCall, thinks, tools }): Conversation => {
    const client = new Sdk({ baseURL: url, apiKey: "any", maxRetries: 0 })
    const messages: Array<Anthropic.MessageParam> = []
    const ask = async (content: Array<Anthropic.ContentBlockParam>): Promise<Answer> => {
      messages.push({ role: "user", content })
      const request = {
        model,
        max_tokens: 5000,
        messages,
        ...(tools.length === 0
          ? {}
          : { tools: tools.map((tool) => ({ name: tool, description: describe(tool), input_schema: pathSchema })) }),
        ...(mustCall ? { tool_choice: { type: "any" as const } } : {}),
        ...(thinks ? { thinking: { type: "adaptive" as const } } : {}),
        ...(isStructured ? { output_config: { format: zodOutputFormat(city) } } : {})
      }
      const answered = isStreamed
        ? await client.messages.stream(request).finalMessage()
        : await (isStructured ? client.messages.parse(request) : client.messages.create(request))
      messages.push({ role: "assistant", content: answered.content })
      const parsed = "parsed_output" in answered && isStructured ? { parsed: answered.parsed_output } : {}
      return { ...answerOf(answered.content, answered.stop_reason ?? ""), ...parsed }
    }
    return {
      say: ({ image, text }) =>
        ask([
          ...(image === undefined
            ? []
            : [
                {
                  type: "image" as const,
                  source: { type: "base64" as const, media_type: "image/png" as const, data: image }
                }
              ]),
          { type: "text", text }
        ]),
      answer: (results) =>
        ask(results.map(({ call, output }) => ({ type: "tool_result", tool_use_id: call.id, content: output })))
    }
  }
})

export const anthropicClients = [
  anthropicClient("@anthropic-ai/sdk 1", Anthropic),
  // What is used here is alike in both.
  anthropicClient("@anthropic-ai/sdk 0", Anthropic0 as unknown as typeof Anthropic)
]
