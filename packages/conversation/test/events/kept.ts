/** Sessions of conversations that are kept, with a model that goes by what it is shown, and tools that count. */
import {
  collectTurn,
  ConversationSession,
  type EventStore,
  type MemoryWindow,
  noHooks,
  presetLimits,
  Journal,
  type TurnContext
} from "@signalbox/conversation"
import {
  type ContentBlock,
  eventsOf,
  Interaction,
  type LanguageModel,
  makeLanguageModel,
  type Message,
  type ModelReply,
  textOf,
  textResult
} from "@signalbox/model"
import { Effect, Stream } from "effect"
import { type TestTool, toolboxOf } from "../support.ts"

const lastSaid = (messages: ReadonlyArray<Message>): string => {
  const said = messages.filter(({ content, role }) => role === "user" && textOf(content) !== "")
  return textOf(said.at(-1)?.content ?? [])
}

/**
 * Asked for `run N`, it calls `write` and `look` side by side, N times one after the other, then says what it was asked. Else it
 * says so at once. It counts what it was asked.
 */
export const makeObedientModel = () => {
  const asked: Array<ReadonlyArray<Message>> = []
  const model: LanguageModel["Service"] = makeLanguageModel({
    provider: "test",
    defaultModel: "obedient",
    stream: ({ messages }) =>
      Stream.suspend(() => {
        asked.push(messages)
        return Stream.fromIterable(eventsOf(replyTo(messages)))
      })
  })
  return { model, asked }
}

const replyTo = (messages: ReadonlyArray<Message>): ModelReply => {
  const said = lastSaid(messages)
  const wanted = Number(/^run (\d+)/.exec(said)?.[1] ?? 0)
  const from = messages.findLastIndex(({ content, role }) => role === "user" && textOf(content) !== "")
  const rounds = messages.slice(from).filter(({ role }) => role === "assistant").length
  const content: ReadonlyArray<ContentBlock> =
    rounds < wanted
      ? ["write", "look"].map((name) => ({
          type: "tool_use",
          id: `${name}-${said.replaceAll(" ", "-")}-${rounds}`,
          name,
          input: { key: `${said}/${rounds}` }
        }))
      : [{ type: "text", text: `did ${said}` }]
  return {
    id: "m",
    model: "obedient",
    content,
    stop_reason: rounds < wanted ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 }
  }
}

const counting = (name: string, counts: Map<string, number>, given: Partial<TestTool> = {}): TestTool => ({
  name,
  ...given,
  run: ({ key }) =>
    Effect.sync(() => {
      counts.set(String(key), (counts.get(String(key)) ?? 0) + 1)
      return textResult(`${name} ${String(key)}`)
    })
})

/** How often each key was written, and looked at. */
export const makeCountingTools = () => {
  const written = new Map<string, number>()
  const looked = new Map<string, number>()
  return {
    written,
    looked,
    tools: [counting("write", written), counting("look", looked, { annotations: { readOnlyHint: true } })]
  }
}

/** A session of conversation `c`, or another, as the next program opens it. */
export const openKept = (
  store: EventStore["Service"],
  model: LanguageModel["Service"],
  tools: ReadonlyArray<TestTool> = [],
  window?: MemoryWindow,
  context?: TurnContext,
  id = "c"
) =>
  ConversationSession.make({
    id,
    model,
    toolbox: toolboxOf(...tools),
    limits: presetLimits,
    journal: Journal.none,
    hooks: noHooks,
    request: { system: [], maxTokens: 100 },
    call: { principal: "local", interaction: Interaction.decline },
    store,
    ...(window === undefined ? {} : { window }),
    ...(context === undefined ? {} : { context })
  })

export const sendTo = (session: ConversationSession, text: string, requestId?: string) =>
  collectTurn(session.send(text, requestId === undefined ? {} : { requestId }))
