import { generateObject, type GenerateObjectOptions, type ModelRequest, textOf } from "@signalbox/model"
import { type ScriptedReply, scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { requestWith } from "../requests.ts"

class Person extends Schema.Class<Person>("Person")({
  name: Schema.NonEmptyString,
  age: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  born: Schema.optionalKey(Schema.DateFromString)
}) {}

const usage = { input_tokens: 10, output_tokens: 5 }
const good = { name: "Ada", age: 36 }
const replies: Readonly<Record<"tool" | "json", (input: Record<string, unknown>) => ScriptedReply>> = {
  tool: (input) => ({ toolCalls: [{ name: "answer", input, id: "call_1" }], usage }),
  json: (input) => ({ text: JSON.stringify(input), usage })
}

const asked = Effect.fnUntraced(function* <A>(
  options: Omit<GenerateObjectOptions<A>, "model" | "request">,
  scripted: ReadonlyArray<ScriptedReply>
) {
  const script = yield* scriptedModel(scripted)
  const result = yield* Effect.result(
    generateObject({ model: script.model, request: requestWith({ temperature: 0.1 }), ...options })
  )
  return { result, requests: yield* script.requests }
})
/** The last message of a request, as a person would read it. */
const lastText = (request: ModelRequest | undefined): string =>
  (request?.messages.at(-1)?.content ?? [])
    .map((block) => (block.type === "tool_result" ? JSON.stringify(block.content) : textOf([block])))
    .join("")

describe.each(["tool", "json"] as const)("an object by %s", (mode) => {
  const reply = replies[mode]

  it.effect("is the decoded value of the first answer that fits", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Person, mode }, [
        reply({ ...good, born: "1815-12-10T00:00:00.000Z" })
      ])
      assert.isTrue(result._tag === "Success")
      if (result._tag !== "Success") return
      assert.instanceOf(result.success.value, Person)
      assert.strictEqual(result.success.value.born?.getUTCFullYear(), 1815)
      assert.strictEqual(result.success.attempts, 1)
      assert.strictEqual(requests[0]?.temperature, 0.1)
    })
  )

  it.effect("is asked for again with what was wrong, and costs both calls", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Person, mode }, [reply({ name: "", age: -1 }), reply(good)])
      assert.isTrue(result._tag === "Success")
      if (result._tag !== "Success") return
      assert.deepStrictEqual({ ...result.success.value }, { ...new Person(good) })
      assert.deepStrictEqual(result.success.usage, { input_tokens: 20, output_tokens: 10 })
      assert.strictEqual(result.success.attempts, 2)
      assert.lengthOf(requests, 2)
      assert.include(lastText(requests[1]), "- name: ")
      assert.include(lastText(requests[1]), "- age: ")
      assert.deepStrictEqual(
        requests[1]?.messages.map(({ role }) => role),
        ["user", "assistant", "user"]
      )
    })
  )

  it.effect("is given up after three answers that do not fit, with the last problems", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Person, mode }, [
        reply({}),
        reply({ name: "Ada" }),
        reply({ name: "Ada", age: "old" }),
        reply(good)
      ])
      assert.isTrue(result._tag === "Failure")
      if (result._tag !== "Failure" || result.failure._tag !== "StructuredOutputInvalid") return
      assert.strictEqual(result.failure.code, "STRUCTURED_OUTPUT")
      assert.strictEqual(result.failure.attempts, 3)
      assert.deepStrictEqual(
        result.failure.issues.map(({ path }) => path),
        ["age"]
      )
      assert.lengthOf(requests, 3)
    })
  )

  it.effect("may be any value: what is no object travels within one", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Schema.Array(Schema.Finite), mode }, [
        reply({ value: [1, 2] })
      ])
      assert.isTrue(result._tag === "Success")
      if (result._tag === "Success") assert.deepStrictEqual(result.success.value, [1, 2])
      assert.include(JSON.stringify(requests[0]), mode === "tool" ? '"required":["value"]' : "required")
    })
  )

  it.effect("fails as the model does", () =>
    Effect.gen(function* () {
      const { result } = yield* asked({ schema: Person, mode }, [])
      assert.isTrue(result._tag === "Failure")
      if (result._tag === "Failure") assert.strictEqual(result.failure.code, "STREAM_INTERRUPTED")
    })
  )
})

describe("a model that is asked by tool", () => {
  it.effect("must call that one tool, whose schema forbids other fields", () =>
    Effect.gen(function* () {
      const { requests } = yield* asked({ schema: Person, name: "person" }, [
        { toolCalls: [{ name: "person", input: good }] }
      ])
      assert.deepStrictEqual(requests[0]?.toolChoice, { type: "tool", name: "person", disableParallel: true })
      assert.deepInclude(requests[0]?.tools[0]?.inputSchema, { type: "object", additionalProperties: false })
    })
  )

  it.effect("is reminded when it only talks", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Person }, [{ text: "Sure!" }, replies.tool(good)])
      assert.isTrue(result._tag === "Success")
      assert.include(lastText(requests[1]), "was not called.")
    })
  )

  it.effect("is told that its call failed, by the id of the call", () =>
    Effect.gen(function* () {
      const { requests } = yield* asked({ schema: Person }, [replies.tool({}), replies.tool(good)])
      const block = requests[1]?.messages.at(-1)?.content[0]
      assert.isTrue(block?.type === "tool_result")
      if (block?.type === "tool_result") assert.deepInclude(block, { tool_use_id: "call_1", is_error: true })
    })
  )
})

describe("a model that is asked for JSON", () => {
  it.effect("may put a fence around it", () =>
    Effect.gen(function* () {
      const { result } = yield* asked({ schema: Person, mode: "json" }, [
        { text: `\`\`\`json\n${JSON.stringify(good)}\n\`\`\`` }
      ])
      assert.isTrue(result._tag === "Success")
    })
  )

  it.effect("is told when its answer is none, and sees the schema", () =>
    Effect.gen(function* () {
      const { requests, result } = yield* asked({ schema: Person, mode: "json" }, [
        { text: "Ada, 36" },
        replies.json(good)
      ])
      assert.isTrue(result._tag === "Success")
      assert.include(lastText(requests[1]), "The answer is not JSON.")
      assert.include(textOf(requests[0]?.system ?? []), '"age"')
      assert.deepStrictEqual(requests[0]?.tools, [])
    })
  )
})
