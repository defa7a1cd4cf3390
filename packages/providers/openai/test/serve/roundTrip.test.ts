import { assert, describe, it } from "@effect/vitest"
import type { ContentBlock, Message, ServedEvent, ServedStep } from "@signalbox/model"
import {
  decodeChatRequest,
  decodeResponsesRequest,
  encodeChatReply,
  encodeChatStream,
  encodeResponsesReply,
  encodeResponsesStream,
  startChatStream,
  startResponsesStream
} from "@signalbox/provider-openai/serve"
import { Effect, Schema } from "effect"
import { checkResponses, gatherChat } from "./readers.ts"
import { call, eventsOfSteps, marked, plain, reply, result, run, runBy, said, steps, thought } from "./turns.ts"

const chat = { id: "chatcmpl-1", model: "big", created: 1, callForms: new Map(), includeUsage: true }
const responses = { id: "resp_1", model: "big", created: 1, callForms: new Map(), echo: {} }

/** The history that the model saw and must see again, when the caller answers its own calls. */
const historyOf = (given: ReadonlyArray<ServedStep>): ReadonlyArray<Message> =>
  given.flatMap((step): ReadonlyArray<Message> => {
    const calls = step.reply.content.filter((block) => block.type === "tool_use")
    const results = calls.map(({ id }) => step.results.find((each) => each.tool_use_id === id) ?? answerTo(id))
    return [
      { role: "assistant", content: step.reply.content },
      ...(results.length === 0 ? [] : [{ role: "user" as const, content: results }])
    ]
  })

const answerTo = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "mine" }) as const

const callerCalls = (given: ReadonlyArray<ServedStep>) =>
  given
    .flatMap((step) => step.reply.content)
    .flatMap((block) => (block.type === "tool_use" && runBy(block.name)._tag === "Caller" ? [block.id] : []))

const throughChat = (given: ReadonlyArray<ServedStep>) => {
  const { choices } = encodeChatReply({ ...chat, steps: marked(given) })
  const sent = callerCalls(given).map((id) => ({ role: "tool", tool_call_id: id, content: "mine" }))
  return decodeChatRequest({
    model: "big",
    messages: [{ role: "user", content: "go" }, plain(choices[0]?.message), ...sent]
  }).pipe(Effect.map(({ request }) => request.messages.slice(1)))
}

const throughResponses = (given: ReadonlyArray<ServedStep>, hasIds: boolean) => {
  const { output } = encodeResponsesReply({ ...responses, steps: marked(given) })
  const items = output.map(({ id, ...item }) => (hasIds || item["type"] === "mcp_call" ? { id, ...item } : item))
  const sent = callerCalls(given).map((id) => ({ type: "function_call_output", call_id: id, output: "mine" }))
  return decodeResponsesRequest({ model: "big", input: [{ role: "user", content: "go" }, ...items, ...sent] }).pipe(
    Effect.map(({ request }) => plain(request.messages.slice(1)))
  )
}

/** Text of one model call is one text in these APIs, and calls of the caller's know nothing of who runs them. */
const simplified = (messages: ReadonlyArray<Message>) =>
  plain(
    messages.map(({ content, role }) => ({
      role,
      content: content.map((block) => {
        if (block.type !== "tool_use" || block.runBy?._tag === "Host") return block
        const { runBy: _by, ...bare } = block
        return bare
      })
    }))
  )

describe("a turn that comes back with the next request", () => {
  it.effect("is the history that the model made, through Chat Completions", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(plain(yield* throughChat(steps)), simplified(historyOf(marked(steps))))
    })
  )

  it.effect("is the history that the model made, through Responses", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* throughResponses(steps, true), simplified(historyOf(marked(steps))))
    })
  )

  it.effect("keeps thinking, calls and results also where a client leaves out the ids of items", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* throughResponses(steps, false), simplified(historyOf(marked(steps))))
    })
  )

  it.effect("keeps the caller's calls and their results, whatever stands around them", () =>
    Effect.gen(function* () {
      const given = [
        { reply: reply([thought("hm")]), results: [] },
        { reply: reply([call("host_a", "1"), said("Asking.")]), results: [result("1")] },
        { reply: reply([call("mine", "2"), call("host_a", "3"), said("I asked.")]), results: [result("3")] }
      ]
      const [, ...asked] = given
      const [first, ...wanted] = simplified(historyOf(marked(asked))) as ReadonlyArray<object>
      // What a model call that called nothing thought belongs to the next one.
      const begun = {
        ...first,
        content: [thought("hm"), ...(plain(marked(asked)[0]?.reply.content) as ReadonlyArray<object>)]
      }
      assert.deepStrictEqual(yield* throughResponses(given, true), [begun, ...wanted])
      const withoutIds = (yield* throughResponses(given, false)) as ReadonlyArray<Message>
      assert.deepStrictEqual(callsIn(withoutIds), callsIn(historyOf(marked(given))))
    })
  )

  it.effect("keeps thinking that nobody can read", () =>
    Effect.gen(function* () {
      const given = [
        {
          reply: reply([{ type: "redacted_thinking", data: "xx" }, thought("", "only"), said("a")], "end_turn"),
          results: []
        }
      ]
      assert.deepStrictEqual(plain(yield* throughChat(given)), simplified(historyOf(given)))
      assert.deepStrictEqual(yield* throughResponses(given, false), simplified(historyOf(given)))
    })
  )
})

const Block = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("text"), text: Schema.Literals(["a", "one more", "\n\nnew"]) }),
  Schema.Struct({ kind: Schema.Literal("thinking"), text: Schema.Literals(["", "hm", "well"]) }),
  Schema.Struct({ kind: Schema.Literal("call"), name: Schema.Literals(["host_a", "host_b", "mine"]) })
])

const Steps = Schema.Array(Schema.Array(Block).check(Schema.isMaxLength(4))).check(Schema.isMaxLength(4))

const stepsOf = (given: typeof Steps.Type): ReadonlyArray<ServedStep> => {
  let count = 0
  return given.map((blocks, index) => {
    const isLast = index === given.length - 1
    const content = blocks.flatMap((block): ReadonlyArray<ContentBlock> => {
      if (block.kind === "text") return [said(block.text)]
      if (block.kind === "thinking") return [thought(block.text)]
      // A call of the caller's ends a turn.
      return block.name === "mine" && !isLast ? [] : [call(block.name, String(count++))]
    })
    const results = content.flatMap((block) =>
      block.type === "tool_use" && block.name !== "mine" ? [result(block.id.replace("toolu_", ""))] : []
    )
    return { reply: reply(content), results }
  })
}

describe("streams of any turn", () => {
  it.prop("say the same as the whole answer of Chat Completions", [Steps], ([given]) => {
    const turn = stepsOf(given)
    const { events } = run(startChatStream({ ...chat, runBy }), encodeChatStream, eventsOfSteps(turn))
    const { choices } = encodeChatReply({ ...chat, steps: marked(turn) })
    const { message, finish_reason: finish } = choices[0] ?? { message: {}, finish_reason: undefined }
    const expected = {
      content: message.content ?? "",
      reasoning: message.reasoning_content ?? "",
      finish,
      mcpCalls: message.mcp_calls,
      calls: message.tool_calls ?? []
    }
    assert.deepStrictEqual(plain(gatherChat(events)), plain(expected))
    assert.strictEqual(events.filter(({ type }) => type === "done").length, 1)
    assert.strictEqual(events.at(-1)?.type, "done")
  })

  it.prop("say the same as the whole answer of Responses", [Steps], ([given]) => {
    const turn = stepsOf(given)
    const { events } = run(startResponsesStream({ ...responses, runBy }), encodeResponsesStream, eventsOfSteps(turn))
    const last = checkResponses(events)
    assert.deepStrictEqual(last?.["response"], encodeResponsesReply({ ...responses, steps: marked(turn) }))
  })

  const Order = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))).check(
    Schema.isMinLength(1)
  )

  it.prop("are sound however their events are mixed, doubled and lost", [Steps, Order], ([given, order]) => {
    const told = eventsOfSteps(stepsOf(given)).slice(0, -1)
    const mixed: ReadonlyArray<ServedEvent> = [
      ...order.flatMap((place) => told[place % Math.max(1, told.length)] ?? []),
      { type: "ping" },
      order[0] === undefined || order[0] % 2 === 0 ? { type: "end" } : { type: "failed", error: "x", requestId: "r" },
      { type: "end" }
    ]
    const chunks = run(startChatStream({ ...chat, runBy }), encodeChatStream, mixed).events
    gatherChat(chunks)
    assert.strictEqual(chunks.filter(({ type }) => type === "done").length, 1)
    assert.strictEqual(chunks.at(-1)?.type, "done")
    checkResponses(run(startResponsesStream({ ...responses, runBy }), encodeResponsesStream, mixed).events)
  })

  it.effect.prop("come back with every call and every result, whatever was said", [Steps], ([given]) =>
    Effect.gen(function* () {
      const turn = stepsOf(given)
      const wanted = callsIn(historyOf(marked(turn)))
      assert.deepStrictEqual(callsIn(yield* throughChat(turn)), wanted)
      // Read from JSON, the messages have the form that they were written in.
      assert.deepStrictEqual(callsIn((yield* throughResponses(turn, true)) as ReadonlyArray<Message>), wanted)
      assert.deepStrictEqual(callsIn((yield* throughResponses(turn, false)) as ReadonlyArray<Message>), wanted)
    })
  )
})

/** The calls and the results of a history, each by its id, whatever stands between. */
const callsIn = (messages: ReadonlyArray<Message>) => {
  const blocks = messages.flatMap(({ content }) => content)
  const calls = blocks.flatMap((block) => (block.type === "tool_use" ? [`${block.id} ${block.name}`] : []))
  const results = blocks.flatMap((block) =>
    block.type === "tool_result" ? [`${block.tool_use_id} ${JSON.stringify(block.content)}`] : []
  )
  return [calls.toSorted(), results.toSorted()]
}
