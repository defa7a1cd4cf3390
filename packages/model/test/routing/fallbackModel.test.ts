import {
  BudgetExceeded,
  type CallNote,
  CallNotes,
  collectReply,
  ContentFiltered,
  fallbackModel,
  type FallbackCandidate,
  FallbackAhead,
  GivenUpRoutes,
  isWorthFallback,
  type LanguageModel,
  makeLanguageModel,
  type ModelError,
  ModelNotFound,
  type ModelRequest,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderBusy,
  ProviderCircuitOpen,
  ProviderInvalidResponse,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnreachable,
  StreamInterrupted,
  textOf
} from "@signalbox/model"
import { type ScriptedReply, scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Logger, References, Stream } from "effect"
import { requestWith } from "../requests.ts"

const said = { provider: "fx", reason: "no" }
const passing: ReadonlyArray<ModelError> = [
  new ProviderRateLimited(said),
  new ProviderOverloaded({ ...said, httpStatus: 529 }),
  new ProviderUnreachable({ ...said, url: "http://localhost" }),
  new ProviderTimeout({ ...said, limit: Duration.seconds(1) }),
  new ProviderQuotaExceeded(said),
  new ModelNotFound({ ...said, model: "x" }),
  new ProviderAuthFailed({ ...said, httpStatus: 401 }),
  new ProviderCircuitOpen(said),
  new ProviderBusy(said),
  new ProviderInvalidResponse(said),
  new StreamInterrupted(said)
]
const final: ReadonlyArray<ModelError> = [
  new ModelRequestRejected({ ...said, httpStatus: 400 }),
  new ContentFiltered(said),
  new BudgetExceeded({ provider: "fx", limitName: "maxTokens", spent: 2, limit: 1, duringCall: false })
]

type Ask = (model: LanguageModel["Service"]) => Effect.Effect<string, ModelError>
const asked: Readonly<Record<string, Ask>> = {
  streamed: (model) => Effect.map(collectReply("fx", model.stream(requestWith())), ({ content }) => textOf(content)),
  whole: (model) => Effect.map(model.generate(requestWith()), ({ content }) => textOf(content))
}

const candidate = Effect.fnUntraced(function* (upstream: string, replies: ReadonlyArray<ScriptedReply>) {
  const script = yield* scriptedModel(replies)
  return { route: { upstream, model: `${upstream}-model` }, model: script.model, requests: script.requests }
})

describe.each(Object.entries(asked))("an answer with a fallback that is %s", (_, ask) => {
  it.effect.each(passing)("comes from the next model after $_tag", (error) =>
    Effect.gen(function* () {
      const first = yield* candidate("first", [{ error }])
      const second = yield* candidate("second", [{ text: "hi" }])
      assert.strictEqual(yield* ask(fallbackModel([first, second])), "hi")
      assert.deepStrictEqual(
        (yield* second.requests).map(({ model }) => model),
        ["second-model"]
      )
    })
  )

  it.effect.each(final)("is not asked for elsewhere after $_tag", (error) =>
    Effect.gen(function* () {
      assert.isFalse(isWorthFallback(error))
      const second = yield* candidate("second", [{ text: "hi" }])
      const model = fallbackModel([yield* candidate("first", [{ error }]), second])
      assert.strictEqual(yield* Effect.flip(ask(model)), error)
      assert.lengthOf(yield* second.requests, 0)
    })
  )

  it.effect.each(passing)("fails with the last error, which names all that were tried: $_tag", (error) =>
    Effect.gen(function* () {
      const model = fallbackModel([
        yield* candidate("first", [{ error: new ProviderAuthFailed({ ...said, httpStatus: 401 }) }]),
        yield* candidate("second", [{ error }])
      ])
      const failure = yield* Effect.flip(ask(model))
      assert.strictEqual(failure._tag, error._tag)
      assert.strictEqual(failure.message, error.message)
      assert.strictEqual(failure.retryable, error.retryable)
      assert.deepStrictEqual(failure.status, error.status)
      assert.include(failure.hint ?? "", "Tried first/first-model, second/second-model.")
    })
  )

  it.effect("is asked for under word that somebody else can be asked, by all but the last", () =>
    Effect.gen(function* () {
      const heard: Array<boolean> = []
      const failing = (upstream: string): FallbackCandidate => ({
        route: { upstream, model: "m" },
        model: makeLanguageModel({
          provider: upstream,
          defaultModel: "m",
          stream: () =>
            Stream.unwrap(
              Effect.flatMap(FallbackAhead, (isAhead) => {
                heard.push(isAhead)
                return Effect.fail(new StreamInterrupted(said))
              })
            )
        })
      })
      yield* Effect.flip(ask(fallbackModel([failing("first"), failing("second"), failing("third")])))
      assert.deepStrictEqual(heard, [true, true, false])
    })
  )

  it.effect(
    "is not first asked for again in a turn where it was given up, and still is when the others fail, too",
    () =>
      Effect.gen(function* () {
        const error = new ProviderOverloaded({ ...said, httpStatus: 529 })
        const first = yield* candidate("first", [{ error }, { text: "back" }, { text: "next turn" }])
        const second = yield* candidate("second", [{ text: "a" }, { text: "b" }, { error }])
        const model = fallbackModel([first, second])
        const turn = Effect.replicateEffect(ask(model), 3).pipe(Effect.provideService(GivenUpRoutes, new Set()))
        assert.deepStrictEqual(yield* turn, ["a", "b", "back"])
        assert.strictEqual(yield* ask(model), "next turn")
        assert.lengthOf(yield* second.requests, 3)
      })
  )

  it.effect("says who answers, and warns of each switch", () =>
    Effect.gen(function* () {
      const notes: Array<CallNote> = []
      const warnings: Array<unknown> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel === "Warn") warnings.push(message)
      })
      const model = fallbackModel([
        yield* candidate("first", [{ error: new ProviderOverloaded({ ...said, httpStatus: 529 }) }]),
        yield* candidate("second", [{ error: new ProviderQuotaExceeded(said) }]),
        yield* candidate("third", [{ text: "hi" }])
      ])
      yield* ask(model).pipe(
        Effect.provideService(CallNotes, (note) => Effect.sync(() => void notes.push(note))),
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "Info")
      )
      assert.deepStrictEqual(notes, [
        {
          type: "answering",
          upstream: "third",
          model: "third-model",
          tried: ["first/first-model", "second/second-model"]
        }
      ])
      assert.lengthOf(warnings, 2)
      assert.include(String(warnings[0]), "Asking second/second-model instead.")
    })
  )
})

it.effect("A stream that has begun is the answer, also when it breaks off", () =>
  Effect.gen(function* () {
    const broken = new StreamInterrupted(said)
    const second = yield* candidate("second", [{ text: "hi" }])
    const first: FallbackCandidate = {
      route: { upstream: "first", model: "" },
      model: makeLanguageModel({
        provider: "fx",
        defaultModel: "fx",
        stream: () =>
          Stream.concat(
            Stream.make({
              type: "message_start" as const,
              message: { id: "m", model: "fx", usage: { input_tokens: 1, output_tokens: 0 } }
            }),
            Stream.fail(broken)
          )
      })
    }
    const model = fallbackModel([first, second])
    assert.strictEqual(yield* Effect.flip(Stream.runDrain(model.stream(requestWith()))), broken)
    assert.lengthOf(yield* second.requests, 0)
  })
)

it.effect("A count of tokens comes from the next model, too, and only where each can count", () =>
  Effect.gen(function* () {
    const error = new ProviderOverloaded({ ...said, httpStatus: 529 })
    const first = yield* candidate("first", [])
    const second = yield* candidate("second", [])
    const down = { ...first, model: { ...first.model, countTokens: () => Effect.fail(error) } }
    const up = {
      ...second,
      model: { ...second.model, countTokens: ({ model }: ModelRequest) => Effect.succeed(model.length) }
    }
    const { countTokens } = fallbackModel([down, up])
    assert.strictEqual(yield* countTokens?.(requestWith()) ?? Effect.succeed(0), "second-model".length)
    assert.isUndefined(fallbackModel([down, second]).countTokens)
  })
)
