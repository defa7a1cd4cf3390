/** `openai`, in both of its APIs: one frame for the conversation, and the words of each API. */
import OpenAI from "openai"
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod"
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

/** An API, whose conversations are lists of this. */
interface Api<Said> {
  readonly name: string
  readonly habits: SdkClient["habits"]
  readonly user: (text: string, image: string | undefined) => Said
  readonly result: (callId: string, output: string) => Said
  /** Asks with all that was said so far; `kept` is what the answer adds to it. */
  readonly ask: (
    client: OpenAI,
    said: Array<Said>,
    settings: Settings
  ) => Promise<{ readonly answer: Answer; readonly kept: ReadonlyArray<Said> }>
}

const openAiClient = <Said>({ ask, habits, name, result, user }: Api<Said>): SdkClient => ({
  name,
  habits,
  open: (url, settings): Conversation => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 })
    const said: Array<Said> = []
    const go = async (...more: ReadonlyArray<Said>): Promise<Answer> => {
      said.push(...more)
      const { answer, kept } = await ask(client, said, settings)
      said.push(...kept)
      return answer
    }
    return {
      say: ({ image, text }) => go(user(text, image === undefined ? undefined : `data:image/png;base64,${image}`)),
      answer: (results) => go(...results.map(({ call, output }) => result(call.id, output)))
    }
  }
})

const finishes: Readonly<Record<string, Answer["finish"]>> = { stop: "end", tool_calls: "calls", length: "length" }

const functionFor = (name: string) => ({ name, description: describe(name), parameters: pathSchema, strict: true })

/** Fields of a message that this server adds, as other servers of this API do. */
interface Added {
  readonly reasoning_content?: string
  readonly mcp_calls?: ReadonlyArray<{ readonly name: string; readonly output: string | null }>
  /** Where a helper has read it. */
  readonly parsed?: unknown
}

const answerOfChat = (message: OpenAI.ChatCompletionMessage, finish: string): Answer => {
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

/** Chat Completions. */
export const openAiChatClient = openAiClient<OpenAI.ChatCompletionMessageParam>({
  name: "openai chat",
  // Its accumulator keeps the last piece alone of a field that it does not know.
  habits: ({ isStreamed }) => (isStreamed ? ["hides thoughts", "drops thoughts"] : []),
  user: (text, image) => ({
    role: "user",
    content: [
      ...(image === undefined ? [] : [{ type: "image_url" as const, image_url: { url: image } }]),
      { type: "text", text }
    ]
  }),
  result: (callId, output) => ({ role: "tool", tool_call_id: callId, content: output }),
  ask: async ({ chat: { completions } }, messages, { isStreamed, isStructured, mustCall, thinks, tools }) => {
    const request = {
      model,
      messages,
      ...(tools.length === 0
        ? {}
        : { tools: tools.map((name) => ({ type: "function" as const, function: functionFor(name) })) }),
      ...(mustCall ? { tool_choice: "required" as const } : {}),
      ...(thinks ? { reasoning_effort: "high" as const } : {}),
      ...(isStructured ? { response_format: zodResponseFormat(city, "city") } : {})
    }
    const { choices } = isStreamed
      ? await completions.stream({ ...request, stream: true }).finalChatCompletion()
      : await (isStructured ? completions.parse(request) : completions.create(request))
    const [choice] = choices
    if (choice === undefined) throw new Error("There is no choice.")
    return { answer: answerOfChat(choice.message, choice.finish_reason), kept: [choice.message] }
  }
})

type Response = OpenAI.Responses.Response
type InputItem = OpenAI.Responses.ResponseInputItem

const finishOf = ({ output, status }: Response): Answer["finish"] => {
  if (status === "incomplete") return "length"
  return output.some(({ type }) => type === "function_call") ? "calls" : "end"
}

const answerOfResponse = (response: Response): Answer => {
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

/** Responses. */
export const openAiResponsesClient = openAiClient<InputItem>({
  name: "openai responses",
  habits: () => [],
  user: (text, image) => ({
    role: "user",
    content: [
      ...(image === undefined ? [] : [{ type: "input_image" as const, detail: "auto" as const, image_url: image }]),
      { type: "input_text", text }
    ]
  }),
  result: (callId, output) => ({ type: "function_call_output", call_id: callId, output }),
  ask: async ({ responses }, input, { isStreamed, isStructured, mustCall, thinks, tools }) => {
    const request = {
      model,
      input,
      store: false,
      ...(tools.length === 0
        ? {}
        : { tools: tools.map((name) => ({ type: "function" as const, ...functionFor(name) })) }),
      ...(mustCall ? { tool_choice: "required" as const } : {}),
      ...(thinks ? { reasoning: { effort: "high" as const }, include: ["reasoning.encrypted_content" as const] } : {}),
      ...(isStructured ? { text: { format: zodTextFormat(city, "city") } } : {})
    }
    const response = isStreamed
      ? await responses.stream({ ...request, stream: true }).finalResponse()
      : await (isStructured ? responses.parse(request) : responses.create(request))
    // What comes out can go in again, as the documentation says.
    return { answer: answerOfResponse(response), kept: response.output as ReadonlyArray<InputItem> }
  }
})
