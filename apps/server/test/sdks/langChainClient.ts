/** LangChain's client of the Messages API. */
import { ChatAnthropic } from "@langchain/anthropic"
import { type AIMessageChunk, type BaseMessageLike, HumanMessage, ToolMessage } from "@langchain/core/messages"
import { answerOf } from "./anthropicClients.ts"
import { type Answer, city, type Conversation, describe, model, pathSchema, type SdkClient } from "./Client.ts"

export const langChainClient: SdkClient = {
  name: "@langchain/anthropic",
  // It knows no `mcp_tool_use`: streams skip it, and it is not sent back.
  habits: ({ isStreamed }) => (isStreamed ? ["hides hosted", "drops hosted"] : ["drops hosted"]),
  open: (url, { isStreamed, isStructured, mustCall, thinks, tools }): Conversation => {
    const client = new ChatAnthropic({
      model,
      maxTokens: 5000,
      anthropicApiUrl: url,
      apiKey: "any",
      maxRetries: 0,
      ...(thinks ? { thinking: { type: "adaptive" as const } } : {})
    })
    const bound = client.bindTools(
      tools.map((name) => ({ name, description: describe(name), input_schema: pathSchema })),
      mustCall ? { tool_choice: "any" } : {}
    )
    const messages: Array<BaseMessageLike> = []
    const invoke = async (): Promise<AIMessageChunk> => {
      if (!isStreamed) return bound.invoke(messages)
      let whole: AIMessageChunk | undefined
      for await (const chunk of await bound.stream(messages)) whole = whole?.concat(chunk) ?? chunk
      if (whole === undefined) throw new Error("There is no chunk.")
      return whole
    }
    const ask = async (...said: ReadonlyArray<BaseMessageLike>): Promise<Answer> => {
      messages.push(...said)
      if (isStructured) {
        const helper = client.withStructuredOutput(city, { method: "jsonSchema" })
        const parsed: unknown = await helper.invoke(messages)
        return { text: JSON.stringify(parsed), calls: [], hosted: [], thoughts: [], finish: "end", parsed }
      }
      const message = await invoke()
      messages.push(message)
      const content = typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content
      const metadata: Readonly<Record<string, unknown>> = { ...message.response_metadata, ...message.additional_kwargs }
      const calls = (message.tool_calls ?? []).map(({ args, id = "", name }) => ({ id, name, input: args }))
      return { ...answerOf(content, String(metadata["stop_reason"])), calls }
    }
    return {
      say: ({ image, text }) =>
        ask(
          new HumanMessage({
            content: [
              ...(image === undefined
                ? []
                : [{ type: "image_url", image_url: { url: `data:image/png;base64,${image}` } }]),
              { type: "text", text }
            ]
          })
        ),
      answer: (results) =>
        ask(...results.map(({ call, output }) => new ToolMessage({ content: output, tool_call_id: call.id })))
    }
  }
}
