import {
  aliasRules,
  CallNotes,
  generateObject,
  makeLanguageModel,
  makeRoutingPlan,
  meteredModel,
  ModelRouter,
  ProviderOverloaded,
  textMessage,
  UsageLedger
} from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Effect, Logger, Result, Schema, Stream } from "effect"

const Place = Schema.Struct({ city: Schema.String, population: Schema.Int })
const error = new ProviderOverloaded({ provider: "big", reason: "busy", httpStatus: 529 })

const plan = Result.getOrThrow(
  makeRoutingPlan({
    rules: aliasRules({ big: { upstream: "big", model: "large-1" }, small: { upstream: "small", model: "mini-1" } }),
    unknown: "reject",
    default: { upstream: "small", model: "mini-1" },
    fallbacks: [{ upstream: "big", model: undefined, routes: [{ upstream: "small", model: "mini-1" }] }],
    upstreams: ["big", "small"]
  })
)

const program = Effect.gen(function* () {
  const ledger = yield* UsageLedger
  const big = makeLanguageModel({ provider: "big", defaultModel: "large-1", stream: () => Stream.fail(error) })
  const usage = { input_tokens: 1000, output_tokens: 500 }
  const small = yield* scriptedModel([
    { toolCalls: [{ name: "answer", input: { city: "York", population: "many" } }], usage },
    { toolCalls: [{ name: "answer", input: { city: "York", population: 141_685 } }], usage }
  ])
  const metered = meteredModel({ upstream: "small", ledger, prices: [{ model: "mini-*", input: 3, output: 15 }] })
  const { model } = ModelRouter.make({
    plan,
    upstreams: new Map([
      ["big", big],
      ["small", metered(small.model)]
    ])
  })

  const request = { system: [], messages: [textMessage("user", "Where is the minster?")], tools: [], maxTokens: 100 }
  const { attempts, value } = yield* generateObject({
    model,
    schema: Place,
    request: { ...request, model: "claude-sonnet-4-5" }
  })
  console.log(value.city, value.population, "after", attempts, "attempts")
  console.log("US$", (yield* ledger.summary).map(({ cost_usd }) => cost_usd).join())
}).pipe(
  Effect.provideService(CallNotes, (note) =>
    Effect.sync(() => {
      if (note.type === "answering") console.log(note.upstream, "answers instead of", note.tried.join())
    })
  ),
  Effect.provide([UsageLedger.layer, Logger.layer([])])
)

await Effect.runPromise(program)
// => small answers instead of big/large-1
// => small answers instead of big/large-1
// => York 141685 after 2 attempts
// => US$ 0.021
