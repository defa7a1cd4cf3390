/** Whether what is said to a model goes over the wire of each API as that API takes it. */
import type { LanguageModel, Message } from "@signalbox/model"
import { claudeDefaults, makeClaude } from "@signalbox/provider-claude"
import { checkFlow, decodeRequest } from "@signalbox/provider-claude/serve"
import { makeOpenAi, openAiDefaults } from "@signalbox/provider-openai"
import { decodeChatRequest, decodeResponsesRequest } from "@signalbox/provider-openai/serve"
import { cannedHttp } from "@signalbox/tooling/cannedHttp"
import { assert } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"

const apiKey = Redacted.make("sk-canary-0123456789")

type Body = Readonly<Record<string, unknown>>
type Make = Effect.Effect<LanguageModel["Service"], never, HttpClient.HttpClient>

/** What a provider makes of a history, as it goes over the wire. */
const bodyOf = (make: Make, messages: ReadonlyArray<Message>) =>
  Effect.gen(function* () {
    const { bodies, client } = cannedHttp([])
    const model = yield* Effect.provideService(make, HttpClient.HttpClient, client)
    yield* Effect.ignore(model.generate({ model: "m", system: [], messages, tools: [], maxTokens: 9 }))
    return bodies[0] ?? {}
  })

const claude = makeClaude({ ...claudeDefaults, apiKey, defaultModel: "m" })
const chat = makeOpenAi({ ...openAiDefaults, api: "chat", apiKey, defaultModel: "m" })
const responses = makeOpenAi({ ...openAiDefaults, api: "responses", apiKey, defaultModel: "m" })

const listAt = (body: Body, key: string): ReadonlyArray<Body> => {
  const list = body[key]
  return Array.isArray(list) ? list : []
}

/** Chat Completions: what tools answer stands right behind the message that calls them, each call once. */
const chatIssues = (body: Body): ReadonlyArray<string> => {
  const issues: Array<string> = []
  let open = new Set<unknown>()
  for (const message of listAt(body, "messages")) {
    if (message["role"] === "tool") {
      if (!open.delete(message["tool_call_id"])) issues.push(`stray ${String(message["tool_call_id"])}`)
      continue
    }
    issues.push(...[...open].map((id) => `open ${String(id)}`))
    open = new Set(listAt(message, "tool_calls").map(({ id }) => id))
  }
  return issues
}

/** Responses: each call has one output after it, and each output its call. */
const responsesIssues = (body: Body): ReadonlyArray<string> => {
  const open = new Set<unknown>()
  const issues: Array<string> = []
  for (const item of listAt(body, "input")) {
    if (item["type"] === "function_call") open.add(item["call_id"])
    if (item["type"] === "function_call_output" && !open.delete(item["call_id"]))
      issues.push(`stray ${String(item["call_id"])}`)
  }
  return [...issues, ...[...open].map((id) => `open ${String(id)}`)]
}

const thoughts = (messages: ReadonlyArray<Message>) =>
  messages.flatMap(({ content }) => content.filter(({ type }) => type === "thinking"))

/** Messages, Chat Completions and Responses take these messages, which begin with what a user said. */
export const assertTaken = Effect.fnUntraced(function* (messages: ReadonlyArray<Message>) {
  const { request } = yield* decodeRequest(yield* bodyOf(claude, messages))
  yield* checkFlow(request.messages, "reject")
  assert.strictEqual(request.messages[0]?.role, "user")
  // What is thought belongs to what is said and done with it, and stays whole.
  assert.deepStrictEqual(thoughts(request.messages), thoughts(messages))
  const asChat = yield* bodyOf(chat, messages)
  assert.deepStrictEqual(chatIssues(asChat), [])
  yield* decodeChatRequest(asChat)
  const asResponses = yield* bodyOf(responses, messages)
  assert.deepStrictEqual(responsesIssues(asResponses), [])
  yield* decodeResponsesRequest(asResponses)
})
