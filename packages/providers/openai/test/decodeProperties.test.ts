import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import { call, chunk, done, replyTo, usageChunk } from "./chunks.ts"
import { askFor } from "@signalbox/model/testing"
import { withCannedAnswer } from "./support.ts"

const eventsOf = (given: ReadonlyArray<Uint8Array>) =>
  withCannedAnswer(given, (model) => Stream.runCollect(model.stream(askFor())))

describe("Chat streams", () => {
  const Bounds = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })))

  it.effect.prop("read the same however their bytes are cut", [Bounds], ([cuts]) =>
    Effect.gen(function* () {
      const text = [
        chunk({ reasoning: "grübeln 🚂" }),
        ": comment\n\n",
        chunk({ content: "späte Züge 🚃" }).replaceAll("\n", "\r\n"),
        chunk(call({ index: 0, id: "call_a", function: { name: "f", arguments: '{"ä":' } })),
        chunk(call({ index: 0, function: { arguments: '"🚉"}' } })),
        chunk({}, "tool_calls"),
        usageChunk,
        done
      ].join("")
      const bytes = new TextEncoder().encode(text)
      const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
      const pieces = bounds.slice(1).map((bound, index) => bytes.slice(bounds[index], bound))
      assert.deepStrictEqual(yield* eventsOf(pieces), yield* eventsOf([bytes]))
    })
  )

  // Without keys that JSON escapes: V8 may read one as another that it has read before (nodejs/node#63785), which is
  // no matter of how pieces are cut. Values have no such trouble.
  const Key = Schema.String.check(Schema.makeFilter((key) => JSON.stringify(key) === `"${key}"`))
  const Calls = Schema.Array(
    Schema.Struct({
      name: Schema.Literals(["read", "write", "list_all"]),
      input: Schema.Record(Key, Schema.String)
    })
  ).check(Schema.isMaxLength(4))
  const Choices = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 11 })))

  it.effect.prop("give equal calls however their pieces are cut and mixed", [Calls, Choices], ([calls, choices]) =>
    Effect.gen(function* () {
      let turn = 0
      const next = () => choices[turn++ % Math.max(1, choices.length)] ?? 3
      const cut = (text: string): ReadonlyArray<string> => {
        const size = 1 + next()
        return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
          text.slice(index * size, (index + 1) * size)
        )
      }
      const queues = calls.map(({ input, name }, index) => [
        call({ index, id: `call_a${index}`, type: "function", function: { arguments: "" } }),
        ...cut(name).map((piece) => call({ index, function: { name: piece } })),
        ...cut(JSON.stringify(input)).map((piece) => call({ index, function: { arguments: piece } }))
      ])
      const pieces = queues.flatMap((queue) => queue.slice(0, 1))
      const rest = queues.map((queue) => queue.slice(1))
      while (rest.some((queue) => queue.length > 0)) {
        const open = rest.filter((queue) => queue.length > 0)
        const piece = open[next() % open.length]?.shift()
        if (piece !== undefined) pieces.push(piece)
      }
      const reply = yield* Effect.fromResult(
        yield* replyTo([...pieces.map((piece) => chunk(piece)), chunk({}, "tool_calls"), done])
      )
      assert.deepStrictEqual(
        reply.content.map((block) => (block.type === "tool_use" ? [block.id, block.name, block.input] : [])),
        calls.map(({ input, name }, index) => [`call_a${index}`, name, input])
      )
    })
  )
})
