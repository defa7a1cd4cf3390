import { type LanguageModel, makeLanguageModel } from "@signalbox/model"
import { type ContractSubject, languageModelContract } from "@signalbox/model/testing"
import { startFxLlm } from "@signalbox/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schedule, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { key, makeTelegraph, provider } from "./telegraph.ts"

type Model = LanguageModel["Service"]

/** The third provider, or what somebody has made of it. */
const subject = (change: (model: Model) => Model = (model) => model): ContractSubject => ({
  provider,
  key,
  over: (script, use, limits = {}) =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ script })),
        (server) => Effect.promise(() => server.close())
      )
      return yield* use(change(yield* makeTelegraph(upstream.url, limits)), upstream)
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
})

describe("a third provider, like every language model,", () => {
  for (const { check, name } of languageModelContract(subject())) it.live(name, () => check)
})

/** The third provider with its answers changed on the way. */
const streaming = (change: (events: ReturnType<Model["stream"]>) => ReturnType<Model["stream"]>) => (model: Model) =>
  makeLanguageModel({
    provider: model.provider,
    defaultModel: model.defaultModel,
    stream: (request) => change(model.stream(request))
  })

/** Models with one thing wrong, and the entry that finds it. */
const wrong: ReadonlyArray<readonly [what: string, change: (model: Model) => Model, broken: string]> = [
  [
    "answers without an end",
    streaming(Stream.filter(({ type }) => type !== "message_stop")),
    "gives blocks in order, numbered from 0, of which none overlaps another"
  ],
  [
    "does not number its blocks",
    streaming(Stream.map((event) => ("index" in event ? { ...event, index: 0 } : event))),
    "gives blocks in order, numbered from 0, of which none overlaps another"
  ],
  [
    "says something else as a whole",
    (model) => ({
      ...model,
      generate: (request) => Effect.map(model.generate(request), (r) => ({ ...r, content: [] }))
    }),
    "answers the same streamed and whole, and counts tokens alike"
  ],
  [
    "claims to be another one",
    (model) => ({ ...model, defaultModel: "telegraph-2" }),
    "asks the model of the request, and its default where that names none"
  ],
  [
    "logs its key",
    streaming((events) => Stream.unwrap(Effect.as(Effect.logTrace({ headers: { key } }), events))),
    "shows its key in no log and no span"
  ],
  ["swallows failures", streaming(Stream.catch(() => Stream.empty)), "says ProviderRateLimited for 429"],
  ["tries again by itself", streaming(Stream.retry(Schedule.recurs(1))), "says ProviderRateLimited for 429"]
]

describe("the contract of language models", () => {
  for (const [what, change, broken] of wrong) {
    it.live(`finds a model that ${what}`, () =>
      Effect.gen(function* () {
        const entry = languageModelContract(subject(change)).find(({ name }) => name === broken)
        assert.isDefined(entry)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(entry.check)))
      })
    )
  }
})
