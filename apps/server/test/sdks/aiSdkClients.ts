/** The AI SDK with its two providers, the OpenAI one in both of its APIs. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { createOpenAI } from "@ai-sdk/openai"
import {
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
  tool,
  type ToolSet
} from "ai"
import {
  type Answer,
  city,
  type Conversation,
  describe,
  type Habit,
  model,
  pathSchema,
  type SdkClient,
  textIn
} from "./Client.ts"

const finishes: Readonly<Record<string, Answer["finish"]>> = { stop: "end", "tool-calls": "calls", length: "length" }

/** What a tool of the server answered: MCP content, or an output item that holds it. */
const outputText = (output: unknown): string => {
  if (typeof output !== "object" || output === null || Array.isArray(output)) return textIn(output)
  return "output" in output ? textIn(output.output) : JSON.stringify(output)
}

const aiSdkClient = (
  name: string,
  modelAt: (url: string) => LanguageModel,
  habits: ReadonlyArray<Habit>
): SdkClient => ({
  name,
  habits: () => habits,
  open: (url, { isStreamed, isStructured, mustCall, thinks, tools }): Conversation => {
    const messages: Array<ModelMessage> = []
    const named = tools.map((each) => [
      each,
      tool({ description: describe(each), inputSchema: jsonSchema(pathSchema) })
    ])
    // It is one; the types of that package do not hold under `exactOptionalPropertyTypes`.
    const toolSet = Object.fromEntries(named) as ToolSet
    const ask = async (message: ModelMessage): Promise<Answer> => {
      messages.push(message)
      const request = {
        model: modelAt(url),
        messages,
        maxRetries: 0,
        tools: toolSet,
        ...(mustCall ? { toolChoice: "required" as const } : {}),
        ...(thinks
          ? {
              providerOptions: {
                anthropic: { thinking: { type: "adaptive" as const } },
                openai: { reasoningEffort: "high", forceReasoning: true, store: false, reasoningSummary: "auto" }
              }
            }
          : { providerOptions: { openai: { store: false } } }),
        ...(isStructured ? { output: Output.object({ schema: city }) } : {})
      }
      const result = isStreamed ? streamText(request) : await generateText(request)
      messages.push(...(await result.response).messages)
      const content = await result.content
      const results = content.filter((part) => part.type === "tool-result")
      return {
        text: await result.text,
        calls: content.flatMap((part) =>
          part.type === "tool-call" && part.providerExecuted !== true
            ? [{ id: part.toolCallId, name: part.toolName, input: part.input }]
            : []
        ),
        hosted: content.flatMap((part) => {
          if (part.type !== "tool-call" || part.providerExecuted !== true) return []
          const found = results.find(({ toolCallId }) => toolCallId === part.toolCallId)
          return [`${part.toolName.replace(/^mcp\./, "")}: ${outputText(found?.output)}`]
        }),
        thoughts: content.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])),
        finish: finishes[await result.finishReason],
        ...(isStructured ? { parsed: await result.output } : {})
      }
    }
    return {
      say: ({ image, text }) =>
        ask({
          role: "user",
          content: [
            ...(image === undefined
              ? []
              : [{ type: "file" as const, mediaType: "image/png", data: { type: "data" as const, data: image } }]),
            { type: "text", text }
          ]
        }),
      answer: (results) =>
        ask({
          role: "tool",
          content: results.map(({ call, output }) => ({
            type: "tool-result",
            toolCallId: call.id,
            toolName: call.name,
            output: { type: "text", value: output }
          }))
        })
    }
  }
})

const openAiAt = (url: string) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "any" })

export const aiSdkClients = [
  aiSdkClient("ai + anthropic", (url) => createAnthropic({ baseURL: `${url}/v1`, apiKey: "any" })(model), [
    "pairs hosted"
  ]),
  // It drops fields of messages that the API does not have.
  aiSdkClient("ai + openai chat", (url) => openAiAt(url).chat(model), [
    "hides hosted",
    "drops hosted",
    "hides thoughts",
    "drops thoughts"
  ]),
  // It sends no results of tools that it did not run, unless they are stored.
  aiSdkClient("ai + openai responses", (url) => openAiAt(url).responses(model), ["drops hosted"])
]
