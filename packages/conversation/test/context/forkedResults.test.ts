import { ConversationClient, EventStore, presetLimits, type ResultStore } from "@signalbox/conversation"
import { LanguageModel, textOf, textResult, Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { sendTo } from "../events/kept.ts"
import { toolboxOf } from "../support.ts"

const long = Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`).join("\n")

/** Each owner reads its own. */
const makeResults = (): ResultStore => {
  const kept = new Map<string, string>()
  return {
    keep: (owner, text) =>
      Effect.sync(() => {
        kept.set(`${owner}/r_1`, text)
        return "r_1"
      }),
    read: (owner, id) => Effect.sync(() => kept.get(`${owner}/${id}`)),
    forget: () => Effect.void
  }
}

describe("a fork", () => {
  for (const isKept of [true, false]) {
    it.effect(`of a fork reads long results that stand in its history, ${isKept ? "kept" : "not kept"}`, () =>
      Effect.gen(function* () {
        const model = yield* scriptedModel([
          { toolCalls: [{ name: "read_log", input: {}, id: "c1" }] },
          { text: "long" },
          { toolCalls: [{ name: "read_tool_result", input: { id: "r_1", line: 500, lines: 1 }, id: "c2" }] },
          { text: "read" }
        ])
        const tools = toolboxOf({ name: "read_log", run: () => Effect.succeed(textResult(long)) })
        const layer = ConversationClient.layer({
          request: { system: [], maxTokens: 100 },
          limits: presetLimits,
          maxSessions: 5,
          idleTimeout: Duration.infinity,
          context: { results: { maxTokens: 100, store: makeResults() } },
          store: yield* EventStore
        }).pipe(Layer.provide(Layer.succeed(LanguageModel, model.model)), Layer.provide(Layer.succeed(Toolbox, tools)))
        yield* ConversationClient.use((client) =>
          Effect.gen(function* () {
            yield* sendTo(yield* client.start({ id: "a", isKept }), "read the log")
            yield* client.fork("a", { id: "b" })
            const last = yield* sendTo(yield* client.fork("b", { id: "c" }), "the middle of it")
            const [outcome] = last.steps.flatMap(({ outcomes }) => outcomes)
            assert.include(textOf(outcome?.result.content ?? []), "line 500")
          })
        ).pipe(Effect.provide(layer, { local: true }))
      }).pipe(Effect.provide(EventStore.layerMemory, { local: true }))
    )
  }
})
