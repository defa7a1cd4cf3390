/** What clients of the Messages API send, coding agents among them. */
import { answered, type Case, lookup, pixel, refused, single } from "./Case.ts"

const path = "/v1/messages"
const user = { role: "user", content: "Say one word." }
const base = { max_tokens: 64, messages: [user] }
const said = (content: unknown, role = "user") => ({ max_tokens: 64, messages: [{ role, content }] })
const tool = { name: "look_up", description: "Looks up a city.", input_schema: lookup }
const call = { type: "tool_use", id: "toolu_1", name: "look_up", input: { city: "Bern" } }

const requests = {
  "a text": base,
  "a system prompt of blocks with a mark for caches": {
    ...base,
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }]
  },
  "a conversation with two messages of one role in a row": {
    max_tokens: 64,
    messages: [user, user, { role: "assistant", content: "Yes." }, user]
  },
  "an instruction inside the conversation": {
    max_tokens: 64,
    messages: [user, { role: "system", content: "Answer in English." }]
  },
  "a picture": said([
    { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } },
    { type: "text", text: "What is this?" }
  ]),
  "a document of text": said([
    { type: "document", source: { type: "text", media_type: "text/plain", data: "Bern is a city." }, title: "Bern" },
    { type: "text", text: "What is it about?" }
  ]),
  "a round of a tool": {
    max_tokens: 64,
    tools: [tool],
    messages: [
      user,
      { role: "assistant", content: [{ type: "text", text: "I look." }, call] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Bern: 140000" }] }
    ]
  },
  "a result that is an error, with words of the person after it": {
    max_tokens: 64,
    tools: [tool],
    messages: [
      user,
      { role: "assistant", content: [call] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: "No.", is_error: true },
          { type: "text", text: "Then say so." }
        ]
      }
    ]
  },
  "a tool that must not be used": { ...base, tools: [tool], tool_choice: { type: "none" } },
  "stop sequences and who asks": { ...base, stop_sequences: ["\n\nHuman:"], metadata: { user_id: "u" } },
  "a field that nobody knows, and nulls": { ...base, field_of_tomorrow: { a: 1 }, system: null, tools: null }
}

const wrong: Readonly<Record<string, readonly [body: Case["body"], field: string]>> = {
  "what is no JSON": ["{", ""],
  "an empty body": ["", ""],
  "no max_tokens": [{ messages: [user] }, "max_tokens"],
  "a max_tokens that is text": [{ ...base, max_tokens: "many" }, "max_tokens"],
  "no messages": [{ max_tokens: 64 }, "messages"],
  "an empty list of messages": [{ ...base, messages: [] }, "messages"],
  "an unknown role": [said("x", "robot"), "messages.0.role"],
  "an empty content": [said(""), "messages.0.content"],
  "a text block without a text": [said([{ type: "text" }]), "messages.0.content.0.text"],
  "a tool without a name": [{ ...base, tools: [{ input_schema: lookup }] }, "tools.0.name"],
  "a call without its result": [
    { max_tokens: 64, tools: [tool], messages: [user, { role: "assistant", content: [call] }, user] },
    "messages.1"
  ]
}

/** All of them. */
export const messagesCases: ReadonlyArray<Case> = [
  ...answered("messages", path, requests),
  ...refused("messages", path, wrong),
  single("messages", {
    name: "counts tokens",
    method: "POST",
    path: `${path}/count_tokens`,
    body: { messages: [user], tools: [tool], system: "Be brief." },
    expected: { is: "count" }
  }),
  single("messages", {
    name: "lists models",
    method: "GET",
    path: "/v1/models",
    body: undefined,
    expected: { is: "models" }
  }),
  single("messages", {
    name: "knows no other paths",
    method: "POST",
    path: "/v1/complete",
    body: {},
    expected: { is: "not found" }
  })
]
