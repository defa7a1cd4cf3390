/**
 * Asks a provider what costs nothing: for the list of its models, and where it has none for a request that it must
 * refuse. Both show whether its address and its key are right.
 */
import { type ModelError, type ModelRequest, ProviderTimeout } from "@signalbox/model"
import { Duration, Effect, References, Result } from "effect"
import type { HttpClient } from "effect/http"
import { loadClaude, loadOpenAi, type ResolvedProvider } from "../../models/makeProvider.ts"

/** What came of asking. */
export interface ProviderProbe {
  readonly provider: ResolvedProvider
  readonly took: Duration.Duration
  /** The names of its models; `undefined` where it works and does not list them. */
  readonly outcome: Result.Result<ReadonlyArray<string> | undefined, ModelError>
  /** A base URL that works where that of the configuration does not. */
  readonly betterUrl: string | undefined
}

/** A conversation without a word, which every API refuses. */
const nothing: ModelRequest = { model: "", system: [], messages: [], tools: [], maxTokens: 1 }

const access = Effect.fnUntraced(function* (provider: ResolvedProvider) {
  const { kind } = provider
  if (kind === "claude") {
    const { listModels, makeClaude, options } = yield* loadClaude(provider)
    return { list: listModels(options), model: yield* makeClaude(options) }
  }
  const { listModels, makeOpenAi, options } = yield* loadOpenAi(provider, kind)
  return { list: listModels(options), model: yield* makeOpenAi(options) }
})

/** Whether it may be this API all the same, without a list of models. */
const isWithoutList = ({ _tag }: ModelError): boolean =>
  _tag === "ProviderInvalidResponse" || _tag === "ModelNotFound" || _tag === "ModelRequestRejected"

const ask = Effect.fnUntraced(function* (provider: ResolvedProvider) {
  const { list, model } = yield* access(provider)
  const listed = yield* Effect.result(list)
  if (Result.isSuccess(listed)) return listed.success.map(({ id }) => id)
  if (!isWithoutList(listed.failure)) return yield* listed.failure
  // A refusal in the words of the API is what is hoped for.
  return yield* Effect.as(model.generate(nothing), undefined).pipe(
    Effect.catchTag("ModelRequestRejected", () => Effect.succeed(undefined))
  )
})

/** What people write at the end of a base URL that does not belong there, and what they leave out. */
const otherUrls = ({ entry: { baseUrl }, kind }: ResolvedProvider): ReadonlyArray<string> => {
  const trimmed = baseUrl
    .replace(/\/+$/, "")
    .replace(/\/(chat\/completions|completions|responses|messages|models)$/, "")
    .replace(/\/+$/, "")
  const candidates =
    kind === "claude" ? [trimmed.replace(/\/v1$/, "")] : [trimmed, ...(/\/v\d/.test(trimmed) ? [] : [`${trimmed}/v1`])]
  return candidates.filter((candidate) => candidate !== baseUrl.replace(/\/+$/, ""))
}

/** Whether the API has answered, be it with a refusal. */
const isRightApi = (outcome: Result.Result<unknown, ModelError>): boolean =>
  Result.isSuccess(outcome) || outcome.failure._tag === "ProviderAuthFailed"

/** Asks one provider, for so long at the most. Never fails: what goes wrong is the answer. */
export const probeProvider = Effect.fnUntraced(function* (
  provider: ResolvedProvider,
  limit: Duration.Duration
): Effect.fn.Return<ProviderProbe, never, HttpClient.HttpClient> {
  const limited = (asked: ResolvedProvider) =>
    ask(asked).pipe(
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () =>
          Effect.fail(
            new ProviderTimeout({
              provider: provider.name,
              limit,
              reason: `no answer within ${Duration.format(limit)}`
            })
          )
      }),
      // The answer says it all.
      Effect.provideService(References.MinimumLogLevel, "None"),
      Effect.result
    )
  const [took, outcome] = yield* Effect.timed(limited(provider))
  if (Result.isSuccess(outcome) || !isWithoutList(outcome.failure))
    return { provider, took, outcome, betterUrl: undefined }
  const others = yield* Effect.forEach(
    otherUrls(provider),
    (baseUrl) =>
      Effect.map(limited({ ...provider, entry: { ...provider.entry, baseUrl } }), (other) => ({ baseUrl, other })),
    { concurrency: "unbounded" }
  )
  return { provider, took, outcome, betterUrl: others.find(({ other }) => isRightApi(other))?.baseUrl }
})
