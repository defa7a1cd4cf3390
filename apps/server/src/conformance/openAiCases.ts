/** What clients of OpenAI's two APIs send, coding agents among them. */
import { answered, type Case, lookup, pixel, refused, single } from "./Case.ts"

const chatPath = "/v1/chat/completions"
const responsesPath = "/v1/responses"

const picture = `data:image/png;base64,${pixel}`
const user = { role: "user", content: "Say one word." }
const chatTool = {
  type: "function",
  function: { name: "look_up", description: "Looks up a city.", parameters: lookup }
}
const chatCall = { id: "call_1", type: "function", function: { name: "look_up", arguments: '{"city":"Bern"}' } }
const chat = { messages: [user] }
const saidInChat = (content: unknown, role = "user") => ({ messages: [{ role, content }] })

const chatRequests = {
  "a text": chat,
  "a limit, in either of its names": { ...chat, max_completion_tokens: 64, max_tokens: 64 },
  "instructions of a developer, and nulls": {
    messages: [{ role: "developer", content: "Be brief." }, user],
    temperature: null,
    tools: null,
    stop: null
  },
  "a picture": saidInChat([
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url: picture } }
  ]),
  "a round of a tool": {
    tools: [chatTool],
    messages: [
      user,
      { role: "assistant", content: null, tool_calls: [chatCall] },
      { role: "tool", tool_call_id: "call_1", content: "Bern: 140000" }
    ]
  },
  "a call that nobody answered": {
    tools: [chatTool],
    messages: [user, { role: "assistant", content: "", tool_calls: [chatCall] }, user]
  },
  "a tool that must not be used": { ...chat, tools: [chatTool], tool_choice: "none" },
  "a wish for the usage at the end of a stream": { ...chat, stream_options: { include_usage: true } },
  "fields that only some vendors know": { ...chat, seed: 7, user: "u", field_of_tomorrow: { a: 1 } }
}

const chatWrong: Readonly<Record<string, readonly [body: Case["body"], field: string]>> = {
  "what is no JSON": ["{", ""],
  "no messages": [{}, "messages"],
  "an empty list of messages": [{ messages: [] }, "messages"],
  "an unknown role": [saidInChat("x", "robot"), "messages[0].role"],
  "a result of no call": [saidInChat("3", "tool"), "messages[0].tool_call_id"],
  "a tool without a name": [{ ...chat, tools: [{ type: "function", function: {} }] }, "tools[0].function.name"],
  "a temperature above all": [{ ...chat, temperature: 3 }, "temperature"]
}

const tool = { type: "function", name: "look_up", description: "Looks up a city.", parameters: lookup }
const call = { type: "function_call", call_id: "call_1", name: "look_up", arguments: '{"city":"Bern"}' }
const responses = { input: "Say one word.", store: false }
const item = (fields: object) => ({ input: [fields], store: false })

const responsesRequests = {
  "a text": responses,
  "items, with instructions": { input: [user], instructions: "Be brief.", store: false },
  "messages of a developer": { input: [{ role: "developer", content: "Be brief." }, user], store: false },
  "a picture": item({
    role: "user",
    content: [
      { type: "input_text", text: "What is this?" },
      { type: "input_image", image_url: picture, detail: "auto" }
    ]
  }),
  "a round of a tool": {
    tools: [tool],
    store: false,
    input: [user, call, { type: "function_call_output", call_id: "call_1", output: "Bern: 140000" }]
  },
  "tools of every form, as Codex has them": {
    ...responses,
    tool_choice: "none",
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: "k",
    tools: [
      tool,
      { type: "custom", name: "patch", description: "Patches." },
      { type: "namespace", name: "crm", description: "Customers.", tools: [tool] },
      { type: "web_search", external_web_access: true }
    ]
  },
  "a field that nobody knows": { ...responses, field_of_tomorrow: { a: 1 } }
}

const responsesWrong: Readonly<Record<string, readonly [body: Case["body"], field: string]>> = {
  "what is no JSON": ["{", ""],
  "no input": [{ store: false }, "input"],
  "an unknown role": [item({ role: "robot", content: "x" }), "input[0].role"],
  "a result of no call": [item({ type: "function_call_output", output: "3" }), "input[0].call_id"],
  "a tool without a name": [{ ...responses, tools: [{ type: "function" }] }, "tools[0].name"],
  "a temperature above all": [{ ...responses, temperature: 3 }, "temperature"]
}

/** Those of Chat Completions. */
export const chatCases: ReadonlyArray<Case> = [
  ...answered("chat", chatPath, chatRequests),
  ...refused("chat", chatPath, chatWrong),
  single("chat", {
    name: "lists models",
    method: "GET",
    path: "/v1/models",
    body: undefined,
    expected: { is: "models" }
  })
]

/** Those of Responses. */
export const responsesCases: ReadonlyArray<Case> = [
  ...answered("responses", responsesPath, responsesRequests),
  ...refused("responses", responsesPath, responsesWrong),
  single("responses", {
    name: "counts tokens",
    method: "POST",
    path: `${responsesPath}/input_tokens`,
    body: { input: "Say one word.", tools: [tool] },
    expected: { is: "count" }
  })
]
