/** `openai`, Responses. */
import OpenAI from "openai"
import { zodTextFormat } from "openai/helpers/zod"
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

type Response = OpenAI.Responses.Response
type InputItem = OpenAI.Responses.ResponseInputItem

const functionFor = (name: string) => ({
  type: "function" as const,
  name,
  description: describe(name),
  parameters: pathSchema,
  strict: true
})

const requestOf = ({ isStructured, mustCall, thinks, tools }: Settings) => ({
  store: false,
  ...(tools.length === 0 ? {} : { tools: tools.map(functionFor) }),
  ...(mustCall ? { tool_choice: "required" as const } : {}),
  ...(thinks ? { reasoning: { effort: "high" as const }, include: ["reasoning.encrypted_content" as const] } : {}),
  ...(isStructured ? { text: { format: zodTextFormat(city, "city") } } : {})
})

const finishOf = ({ output, status }: Response): Answer["finish"] => {
  if (status === "incomplete") return "length"
  return output.some(({ type }) => type === "function_call") ? "calls" : "end"
}

const answerOf = (response: Response): Answer => {
  const { output } = response
  // Where a helper has read it.
  const { output_parsed: parsed } = response as { readonly output_parsed?: unknown }
  return {
    text: response.output_text,
    calls: output.flatMap((item) =>
      item.type === "function_call" ? [{ id: item.call_id, name: item.name, input: JSON.parse(item.arguments) }] : []
    ),
    hosted: output.flatMap((item) => (item.type === "mcp_call" ? [`${item.name}: ${item.output ?? ""}`] : [])),
    thoughts: output.flatMap((item) =>
      item.type === "reasoning" ? [item.summary.map(({ text }) => text).join("")] : []
    ),
    finish: finishOf(response),
    parsed
  }
}

export const openAiResponsesClient: SdkClient = {
  name: "openai responses",
  habits: () => [],
  open: (url, settings): Conversation => {
    const { responses } = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 })
    const input: Array<InputItem> = []
    const respond = (request: OpenAI.Responses.ResponseCreateParamsNonStreaming) => {
      if (settings.isStreamed) return responses.stream({ ...request, stream: true }).finalResponse()
      return settings.isStructured ? responses.parse(request) : responses.create(request)
    }
    const ask = async (...said: ReadonlyArray<InputItem>): Promise<Answer> => {
      input.push(...said)
      const response = await respond({ model, input, ...requestOf(settings) })
      // What comes out can go in again, as the documentation says.
      input.push(...(response.output as ReadonlyArray<InputItem>))
      return answerOf(response)
    }
    return {
      say: ({ image, text }) => {
        const image_url = `data:image/png;base64,${image}`
        const shown = image === undefined ? [] : [{ type: "input_image" as const, detail: "auto" as const, image_url }]
        return ask({ role: "user", content: [...shown, { type: "input_text", text }] })
      },
      answer: (results) =>
        ask(...results.map(({ call, output }) => ({ type: "function_call_output" as const, call_id: call.id, output })))
    }
  }
}
