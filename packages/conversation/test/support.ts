import {
  type CallContext,
  Interaction,
  type JsonObject,
  type LanguageModel,
  type Message,
  textMessage,
  textResult,
  type Toolbox,
  type ToolDefinition,
  type ToolResult
} from "@signalbox/model"
import {
  type Approval,
  collectTurn,
  ConversationSession,
  Journal,
  noHooks,
  presetLimits,
  runTurn,
  type TurnContext,
  type TurnEvent,
  type TurnOptions
} from "@signalbox/conversation"
import type { SignalboxError } from "@signalbox/errors"
import { Effect, Stream } from "effect"

/** A tool in memory: what it is, and what it does. */
export interface TestTool extends Partial<Omit<ToolDefinition, "name">> {
  readonly name: string
  readonly run?: (input: JsonObject, context: CallContext) => Effect.Effect<ToolResult, SignalboxError>
}

export const definition = (tool: TestTool): ToolDefinition => {
  const { run: _, ...given } = tool
  return {
    originalName: tool.name,
    description: "",
    inputSchema: { type: "object" },
    annotations: {},
    runBy: { _tag: "Host", source: "test" },
    isTrusted: true,
    ...given
  }
}

export const toolboxOf = (...tools: ReadonlyArray<TestTool>): Toolbox["Service"] => ({
  list: Effect.succeed(tools.map(definition)),
  call: (name, input, context) => {
    const run = tools.find((tool) => tool.name === name)?.run
    return run === undefined ? Effect.succeed(textResult(`${name} done`)) : run(input, context)
  }
})

/** A tool that says what it was given. */
export const echo: TestTool = {
  name: "echo",
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  run: (input) => Effect.succeed(textResult(String(input["text"])))
}

export const caller: TestTool = { name: "ask_user", runBy: { _tag: "Caller" } }

export const callOf = (given: Partial<CallContext> = {}): Omit<CallContext, "toolCallId"> => ({
  principal: "local",
  conversationId: "c1",
  correlationId: undefined,
  deadline: undefined,
  interaction: Interaction.decline,
  ...given
})

export const optionsOf = (
  model: LanguageModel["Service"],
  tools: ReadonlyArray<TestTool> = [],
  given: Partial<TurnOptions> = {}
): TurnOptions => ({
  messages: [textMessage("user", "hello")],
  toolbox: toolboxOf(...tools),
  model,
  limits: presetLimits,
  journal: Journal.none,
  hooks: noHooks,
  request: { system: [], maxTokens: 100 },
  call: callOf(),
  ...given
})

export const turnOf = (...args: Parameters<typeof optionsOf>) => collectTurn(runTurn(optionsOf(...args)))
export const eventsOfTurn = (...args: Parameters<typeof optionsOf>) => Stream.runCollect(runTurn(optionsOf(...args)))

export const ofType = <T extends TurnEvent["type"]>(events: ReadonlyArray<TurnEvent>, type: T) =>
  events.filter((event): event is Extract<TurnEvent, { type: T }> => event.type === type)

/** Calls of a history that are not answered exactly once, in the message right after, by a user. */
export const unanswered = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.flatMap((message, index) =>
    message.content.flatMap((block) => {
      if (block.type !== "tool_use") return []
      const next = messages[index + 1]
      const results = next?.role === "user" ? next.content.filter((item) => item.type === "tool_result") : []
      return results.filter((result) => result.tool_use_id === block.id).length === 1 ? [] : [block.id]
    })
  )

/** Results that answer no call of the message right before. */
export const strayResults = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.flatMap((message, index) =>
    message.content.flatMap((block) => {
      if (block.type !== "tool_result") return []
      const calls = messages[index - 1]?.content.filter((item) => item.type === "tool_use") ?? []
      return calls.some(({ id }) => id === block.tool_use_id) ? [] : [block.tool_use_id]
    })
  )

export const resultTexts = (message: Message | undefined): ReadonlyArray<string> =>
  (message?.content ?? []).flatMap((block) =>
    block.type === "tool_result" && Array.isArray(block.content)
      ? [block.content.map((item) => (item.type === "text" ? item.text : `[${item.type}]`)).join("")]
      : []
  )

/** A session over these tools, and a history where it has one. */
export const sessionOf = (
  model: LanguageModel["Service"],
  tools: ReadonlyArray<TestTool> = [],
  history: ReadonlyArray<Message> = [],
  toolbox: Toolbox["Service"] = toolboxOf(...tools),
  journal: Journal["Service"] = Journal.none,
  approval?: Approval,
  context?: TurnContext
) =>
  ConversationSession.make({
    id: "s1",
    model,
    toolbox,
    limits: presetLimits,
    journal,
    hooks: noHooks,
    request: { system: [], maxTokens: 100 },
    call: { principal: "local", interaction: Interaction.decline },
    ...(approval === undefined ? {} : { approval }),
    ...(context === undefined ? {} : { context }),
    history
  })
