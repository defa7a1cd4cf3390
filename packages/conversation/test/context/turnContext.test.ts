import { ModelRequestRejected, textMessage, textOf, textResult } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import {
  makeApproval,
  makeContextWindow,
  type ResultStore,
  runTurn,
  trimMessages,
  type TurnContext
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { caller, eventsOfTurn, ofType, optionsOf, resultTexts, type TestTool, turnOf } from "../support.ts"
import { total } from "./histories.ts"

const window = (tokens: number) =>
  makeContextWindow({
    tokensFor: () => tokens,
    reserve: 100,
    preserveRecent: 2,
    countTokens: ({ messages, system }) => Effect.succeed(total(messages) + textOf(system).length)
  })

const makeStore = () => {
  const kept = new Map<string, string>()
  const store: ResultStore = {
    keep: (owner, text) =>
      Effect.sync(() => {
        const id = `r_${kept.size}`
        kept.set(`${owner}/${id}`, text)
        return id
      }),
    read: (owner, id) => Effect.sync(() => kept.get(`${owner}/${id}`)),
    forget: () => Effect.void
  }
  return { kept, store }
}

const lines = Array.from({ length: 1000 }, (_, index) => `line ${index + 1} of the log`).join("\n")

const log: TestTool = { name: "read_log", description: "Reads the log", run: () => Effect.succeed(textResult(lines)) }

/** Tools with a description of some length, of two servers. */
const many = (count: number): ReadonlyArray<TestTool> =>
  Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description: `Does thing number ${index}. ${"It is described at length. ".repeat(10)}`,
    runBy: { _tag: "Host" as const, source: index % 2 === 0 ? "even" : "odd" }
  }))

const weather: TestTool = {
  name: "get_forecast",
  description: "The weather of the next days at a place",
  inputSchema: { type: "object", properties: { city: { type: "string" } } },
  runBy: { _tag: "Host", source: "sky" },
  run: () => Effect.succeed(textResult("sun"))
}

const names = (tools: ReadonlyArray<{ readonly name: string }>) => tools.map(({ name }) => name)

describe("a turn whose history is longer than the window of its model", () => {
  it.effect("sends what fits, says once that the rest is not sent, and keeps the whole history", () =>
    Effect.gen(function* () {
      const messages = [
        ...Array.from({ length: 20 }, (_, index) => [
          textMessage("user", `q${index}`.padEnd(90, ".")),
          textMessage("assistant", `a${index}`.padEnd(90, "."))
        ]).flat(),
        textMessage("user", "what now?".padEnd(90, "."))
      ]
      const budget = { budget: 1500, preserveRecent: 2, tokensOf: () => 100 }
      // A length at which the last message made the cut move.
      const length = messages.findIndex(
        (_, index) =>
          index > 20 && index % 2 === 0 && trimMessages(messages.slice(0, index + 1), budget).movedAt === index
      )
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [{ name: "echo", input: {} }] },
        { text: "done" },
        { text: "again" }
      ])
      const context: TurnContext = { window: window(1600) }
      const given = { context, messages: messages.slice(0, length + 1) }
      const events = yield* eventsOfTurn(model, [{ name: "echo" }], given)
      const sent = yield* requests
      assert.isAtMost(total(sent[0]?.messages ?? []), 1550)
      assert.isBelow(sent[0]?.messages.length ?? 0, length)
      assert.deepStrictEqual(sent[1]?.messages.slice(0, sent[0]?.messages.length), sent[0]?.messages)
      assert.deepStrictEqual(
        ofType(events, "notice").map(({ code }) => code),
        ["CONTEXT_TRIMMED"]
      )
      // The next turn is cut in the same place, and says nothing more.
      const result = ofType(events, "turn_end")[0]?.result
      const next = [...given.messages, ...(result?.messages ?? []), textMessage("user", "go on")]
      const later = yield* eventsOfTurn(model, [{ name: "echo" }], { context, messages: next })
      assert.deepStrictEqual(ofType(later, "notice"), [])
      const last = (yield* requests)[2]?.messages ?? []
      assert.deepStrictEqual(last.slice(0, sent[1]?.messages.length), sent[1]?.messages)
    })
  )

  it.effect("asks once more with less where the model takes less than was thought, and remembers it", () =>
    Effect.gen(function* () {
      const refused = (reason: string) => ({
        error: new ModelRequestRejected({ provider: "p", httpStatus: 400, reason })
      })
      const { model, requests } = yield* scriptedModel([
        refused("prompt is too long: 2100 tokens > 1100 maximum"),
        { text: "done" },
        { text: "again" },
        refused("prompt is too long: that much"),
        refused("no such thing")
      ])
      const messages = Array.from({ length: 21 }, (_, index) =>
        textMessage(index % 2 === 0 ? "user" : "assistant", "x".repeat(90))
      )
      const context: TurnContext = { window: window(100_000) }
      const result = yield* turnOf(model, [], { context, messages })
      assert.strictEqual(result.text, "done")
      const [whole, smaller] = yield* requests
      assert.lengthOf(whole?.messages ?? [], 21)
      assert.isAtMost(total(smaller?.messages ?? []), 1050)
      yield* turnOf(model, [], { context, messages })
      assert.deepStrictEqual((yield* requests)[2]?.messages, smaller?.messages)
      // What says nothing of a limit is a refusal as any other.
      for (const _ of [1, 2]) {
        const error = yield* Effect.flip(turnOf(model, [], { context, messages }))
        assert.strictEqual(error._tag, "ModelRequestRejected")
      }
      assert.lengthOf(yield* requests, 5)
    })
  )

  it.effect("says when the question alone is too much, and sends it all the same", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "ok" }])
      const messages = [
        textMessage("user", "one"),
        textMessage("assistant", "two"),
        textMessage("user", "x".repeat(900))
      ]
      const events = yield* eventsOfTurn(model, [], { context: { window: window(500) }, messages })
      assert.strictEqual(ofType(events, "notice").at(-1)?.code, "CONTEXT_OVERFLOW")
      assert.lengthOf((yield* requests)[0]?.messages ?? [], 1)
    })
  )
})

describe("a long result of a tool", () => {
  it.effect("is shown in part and read on with a tool that comes with it, at the end of the list", () =>
    Effect.gen(function* () {
      const { kept, store } = makeStore()
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [{ name: "read_log", input: {} }] },
        { toolCalls: [{ name: "read_tool_result", input: { id: "r_0", line: 500, lines: 2 } }] },
        { toolCalls: [{ name: "read_tool_result", input: { id: "r_0", pattern: "line 77\\d " } }] },
        { toolCalls: [{ name: "read_tool_result", input: { id: "r_0", offset: lines.length - 20 } }] },
        { toolCalls: [{ name: "read_tool_result", input: { id: "../../etc/passwd" } }] },
        { text: "done" }
      ])
      // It acts on nothing but the conversation: nobody is asked about it, not even where nothing else may run.
      const approval = makeApproval({ mode: "deny", rules: [{ tool: "read_log", decision: "allow" }], sources: {} })
      const context: TurnContext = { results: { maxTokens: 100, store } }
      const result = yield* turnOf(model, [log, { name: "zoo" }], { context, approval })
      assert.deepStrictEqual([...kept], [["c1/r_0", lines]])
      const sent = yield* requests
      assert.deepStrictEqual(
        sent.map(({ tools }) => names(tools)),
        [["read_log", "zoo"], ...Array.from({ length: 5 }, () => ["read_log", "zoo", "read_tool_result"])]
      )
      const said = result.messages.flatMap(resultTexts)
      assert.match(said[0] ?? "", /^line 1 of the log\n/)
      assert.match(said[0] ?? "", /line 1000 of the log$/)
      assert.isBelow(said[0]?.length ?? 0, 800)
      assert.include(said[0], `of ${lines.length} characters (1000 lines in all) are left out here`)
      assert.include(said[0], '[The whole result is kept as "r_0". Read on with read_tool_result: {"id":"r_0","line":')
      assert.strictEqual(
        said[1],
        '[Lines 500 to 501 of 1000. Go on with {"line":502}.]\nline 500 of the log\nline 501 of the log'
      )
      assert.match(said[2] ?? "", /^\[10 lines fit, by number\.\]\n770: line 770 of the log\n/)
      assert.include(said[3], "That is the end.]\nline 1000 of the log")
      assert.include(said[4], 'There is no result "../../etc/passwd"')
    })
  )

  it.effect("is cut with a mark where there is no place for it, and a short one is left as it is", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        {
          toolCalls: [
            { name: "read_log", input: {} },
            { name: "small", input: {} }
          ]
        },
        { text: "done" }
      ])
      const result = yield* turnOf(model, [log, { name: "small" }], { context: { results: { maxTokens: 100 } } })
      const said = result.messages.flatMap((message) =>
        message.content.flatMap((block) =>
          block.type === "tool_result" && Array.isArray(block.content) ? [textOf(block.content)] : []
        )
      )
      assert.include(said[0], "are left out here, and are kept nowhere. Ask for less.")
      assert.strictEqual(said[1], "small done")
      assert.deepStrictEqual(names((yield* requests)[1]?.tools ?? []), ["read_log", "small"])
    })
  )

  it.effect("keeps its pictures, and the JSON of one that has no words is cut likewise", () =>
    Effect.gen(function* () {
      const picture = { type: "image" as const, source: { type: "url" as const, url: "https://x.invalid/p.png" } }
      const shown: TestTool = {
        name: "show",
        run: () => Effect.succeed({ content: [{ type: "text", text: lines }, picture], isError: false })
      }
      const data: TestTool = {
        name: "data",
        run: () => Effect.succeed({ content: [], structuredContent: { rows: lines.split("\n") }, isError: false })
      }
      const { model } = yield* scriptedModel([
        {
          toolCalls: [
            { name: "show", input: {} },
            { name: "data", input: {} }
          ]
        },
        { text: "done" }
      ])
      const { messages } = yield* turnOf(model, [shown, data], { context: { results: { maxTokens: 100 } } })
      const [first, second] = messages[1]?.content ?? []
      assert.deepStrictEqual(first?.type === "tool_result" && first.content?.[1], picture)
      assert.isBelow(JSON.stringify(second).length, 1000)
      assert.include(JSON.stringify(second), "are left out here")
    })
  )
})

describe("tools that are too many for their budget", () => {
  const budget = { tools: { maxTokens: 500, pinned: ["tool_3"] } } satisfies TurnContext

  it.effect("are found by a tool, and offered from then on in the order in which they came up", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [{ name: "search_tools", input: { query: "weather forecast for a city" } }] },
        { toolCalls: [{ name: "get_forecast", input: { city: "Bern" } }] },
        { toolCalls: [{ name: "search_tools", input: { query: "tool_17" } }] },
        { text: "done" },
        { text: "again" }
      ])
      const tools = [...many(40), weather, caller]
      const options = optionsOf(model, tools, { context: budget })
      const result = yield* turnOf(model, tools, { context: budget })
      const first = ["ask_user", "tool_3", "search_tools"]
      const sent = yield* requests
      assert.deepStrictEqual(names(sent[0]?.tools ?? []), first)
      assert.include(sent[0]?.tools[2]?.description, "even (20), odd (20), sky (1)")
      assert.deepStrictEqual(names(sent[1]?.tools ?? []), [...first, "get_forecast"])
      const last = names(sent[3]?.tools ?? [])
      // Each list begins with the one before it, so that what is cached of it stays.
      assert.deepStrictEqual(last.slice(0, 5), [...first, "get_forecast", "tool_17"])
      const said = result.messages.flatMap(resultTexts)
      assert.strictEqual(
        said[0],
        "These tools can be called now:\n- get_forecast: The weather of the next days at a place"
      )
      assert.strictEqual(said[1], "sun")
      // The next turn knows it from the history, whoever has kept that.
      const messages = [...options.messages, ...result.messages, textMessage("user", "and now?")]
      yield* Stream.runDrain(runTurn({ ...options, messages }))
      assert.deepStrictEqual(names((yield* requests)[4]?.tools ?? []), last)
    })
  )

  it.effect("can be called by a model that knows them, though they are not offered", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([
        { toolCalls: [{ name: "get_forecast", input: {} }] },
        { text: "done" }
      ])
      const result = yield* turnOf(model, [...many(40), weather], { context: budget })
      assert.strictEqual(result.messages.flatMap(resultTexts)[0], "sun")
      assert.include(names((yield* requests)[1]?.tools ?? []), "get_forecast")
    })
  )

  it.effect("are all offered as long as they fit, and those of the caller are never hidden", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "one" }, { text: "two" }])
      yield* turnOf(model, [weather], { context: budget })
      const own = many(40).map((tool): TestTool => ({ ...tool, runBy: { _tag: "Caller" } }))
      yield* turnOf(model, own, { context: budget })
      const [few, callers] = yield* requests
      assert.deepStrictEqual(names(few?.tools ?? []), ["get_forecast"])
      assert.lengthOf(callers?.tools ?? [], 40)
    })
  )

  it.effect("leave their name to a tool of another that has it", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scriptedModel([{ text: "one" }])
      yield* turnOf(model, [...many(40), { ...caller, name: "search_tools" }], { context: budget })
      const offered = (yield* requests)[0]?.tools ?? []
      assert.strictEqual(offered[0]?.runBy._tag, "Caller")
      assert.match(offered[2]?.name ?? "", /^search_tools_[0-9a-z]{7}$/)
    })
  )

  it.effect("that nobody has are told as not there", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([
        { toolCalls: [{ name: "search_tools", input: { query: "qqq zzz" } }] },
        { text: "done" }
      ])
      const result = yield* turnOf(model, many(40), { context: budget })
      assert.include(result.messages.flatMap(resultTexts)[0], "No tool fits these words")
    })
  )
})
