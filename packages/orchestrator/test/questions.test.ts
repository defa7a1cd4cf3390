import { assert, describe, it } from "@effect/vitest"
import { type Questions, serverDefaults } from "@signalbox/mcp"
import {
  type ElicitationRequest,
  Interaction,
  localCall,
  type ModelReply,
  type ModelRequest,
  resultText
} from "@signalbox/model"
import { managedDefaults, type ManagedServer, type ServerOrchestrator } from "@signalbox/orchestrator"
import { startFxMcpHttp } from "@signalbox/testing"
import { Deferred, Effect, Fiber, type Scope } from "effect"
import { fx, orchestrateReal } from "./realServers.ts"

const questions: Questions = { elicitation: ["form", "url"], sampling: true, roots: [{ uri: "file:///work" }] }

const ask = (
  boxes: ServerOrchestrator["Service"],
  question: string,
  interaction: Partial<Interaction> = {},
  conversationId = "one"
) =>
  boxes.toolbox
    .call("ask", { question }, localCall({ conversationId, interaction: { ...Interaction.decline, ...interaction } }))
    .pipe(Effect.map((result): unknown => JSON.parse(resultText(result))))

const reply: ModelReply = {
  id: "r",
  model: "some-model",
  content: [{ type: "text", text: "Yes." }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

const accepting = (name: string) => ({
  elicit: () => Effect.succeed({ action: "accept", content: { name } } as const)
})

/** Servers that say in different ways whose question it is. */
const servers: ReadonlyArray<readonly [string, Effect.Effect<ManagedServer, never, Scope.Scope>]> = [
  ["over stdio", Effect.succeed(fx("s", { era: "2025", tools: ["ask"] }))],
  ["over stdio in 2026", Effect.succeed(fx("s", { era: "2026", tools: ["ask"] }, "", { protocol: "2026-07-28" }))],
  [
    "over HTTP",
    Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => startFxMcpHttp({ era: "2025", tools: ["ask"] })),
        (server) => Effect.promise(() => server.close())
      ),
      ({ url }): ManagedServer => ({
        ...managedDefaults.http,
        server: { ...serverDefaults, name: "s", endpoint: { transport: "http", url, headers: {} } }
      })
    )
  ]
]

for (const [title, server] of servers) {
  describe(`a server that asks during a call ${title}`, () => {
    it.live("reaches the person behind the call", () =>
      Effect.gen(function* () {
        const boxes = yield* orchestrateReal([yield* server], { questions })
        const seen: Array<ElicitationRequest> = []
        const elicit = (request: ElicitationRequest) => {
          seen.push(request)
          return accepting("Ada").elicit()
        }
        assert.deepStrictEqual(yield* ask(boxes, "elicitation", { elicit }), {
          action: "accept",
          content: { colour: "green", name: "Ada" }
        })
        assert.strictEqual(seen[0]?.mode === "form" && seen[0].schema["type"], "object")
        assert.deepStrictEqual(yield* ask(boxes, "url", { elicit: () => Effect.succeed({ action: "cancel" }) }), {
          action: "cancel"
        })
      })
    )
    it.live("reaches the model behind the call, and does not choose it", () =>
      Effect.gen(function* () {
        const boxes = yield* orchestrateReal([yield* server], { questions })
        const seen: Array<ModelRequest> = []
        const sample = (request: ModelRequest) => {
          seen.push(request)
          return Effect.succeed(reply)
        }
        assert.deepStrictEqual(yield* ask(boxes, "sampling", { sample }), {
          role: "assistant",
          model: "some-model",
          content: { type: "text", text: "Yes." },
          stopReason: "endTurn"
        })
        assert.strictEqual(seen[0]?.model, "")
        assert.deepStrictEqual(seen[0]?.messages, [
          { role: "user", content: [{ type: "text", text: "Say one word." }] }
        ])
      })
    )
    it.live("is told the roots, and that there is nobody", () =>
      Effect.gen(function* () {
        const boxes = yield* orchestrateReal([yield* server], { questions })
        assert.deepStrictEqual(yield* ask(boxes, "roots"), { roots: [{ uri: "file:///work" }] })
        assert.deepStrictEqual(yield* ask(boxes, "elicitation"), { action: "decline" })
      })
    )
  })
}

/** Asks in one conversation while a call of another, or of the same, is under way. */
const askBeside = (conversationId: string) =>
  Effect.gen(function* () {
    const boxes = yield* orchestrateReal([fx("s", { era: "2025", tools: ["ask", "progress"] })], { questions })
    const started = yield* Deferred.make<void>()
    const context = localCall({
      conversationId,
      interaction: {
        ...Interaction.decline,
        ...accepting("other"),
        progress: () => Effect.asVoid(Deferred.succeed(started, undefined))
      }
    })
    const other = yield* Effect.forkChild(boxes.toolbox.call("progress", { steps: 10_000 }, context))
    yield* Deferred.await(started)
    const answer = yield* ask(boxes, "elicitation", accepting("Ada"), "one")
    yield* Fiber.interrupt(other)
    return answer
  })

describe("a server that does not say whose question it is", () => {
  it.live("reaches nobody while a call of another conversation is under way", () =>
    Effect.map(askBeside("two"), (answer) => assert.deepStrictEqual(answer, { action: "decline" }))
  )
  it.live("reaches the person while all calls are of one conversation", () =>
    Effect.map(askBeside("one"), (answer) => assert.nestedPropertyVal(answer, "content.name", "Ada"))
  )
})
