import { ProviderOverloaded } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Tracer } from "effect"
import { echo, turnOf } from "./support.ts"

const nameOf = (span: Tracer.AnySpan | undefined): string => (span?._tag === "Span" ? `${span.name} > ` : "")

/** The spans of a piece of work in the order in which they begin: their names, and those of what they are in. */
const spansOf = Effect.fnUntraced(function* <A, E>(work: Effect.Effect<A, E>) {
  const spans: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      spans.push(`${nameOf(Option.getOrUndefined(options.parent))}${options.name}`)
      return new Tracer.NativeSpan(options)
    }
  })
  yield* Effect.exit(work.pipe(Effect.withSpan("request"), Effect.withTracer(tracer)))
  return spans
})

describe("the trace of a turn", () => {
  it.effect("has one span for each call of the model and of a tool, in their order, all in that of the request", () =>
    Effect.gen(function* () {
      const call = { name: "echo", input: { text: "x" } }
      const { model } = yield* scriptedModel([{ toolCalls: [call, call] }, { toolCalls: [call] }, { text: "done" }])
      assert.deepStrictEqual(yield* spansOf(turnOf(model, [echo])), [
        "request",
        "request > model.call",
        "request > tool.call",
        "request > tool.call",
        "request > model.call",
        "request > tool.call",
        "request > model.call"
      ])
    })
  )

  it.effect("ends with the call of the model that failed", () =>
    Effect.gen(function* () {
      const { model } = yield* scriptedModel([{ text: "never" }])
      const error = new ProviderOverloaded({ provider: "p", reason: "busy", httpStatus: 529 })
      const failing = turnOf(model, [], { hooks: { afterModel: () => Effect.fail(error) } })
      assert.deepStrictEqual(yield* spansOf(failing), ["request", "request > model.call"])
    })
  )
})
