/**
 * Several models as one: the next is asked when one could not even begin, for a reason that another may not have.
 * Once the first event is out there is no other answer than this one; its failure passes on.
 */
import { Effect, Stream } from "effect"
import { begun } from "../begun.ts"
import { CallNotes } from "../CallNotes.ts"
import type { ModelError } from "../errors.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelRequest } from "../Message.ts"
import { FallbackAhead } from "./FallbackAhead.ts"
import { GivenUpRoutes } from "./GivenUpRoutes.ts"
import type { ModelRoute } from "./RoutingPlan.ts"

/** A route, and the model of its upstream. `route.model` is what that is asked for. */
export interface FallbackCandidate {
  readonly route: ModelRoute
  readonly model: LanguageModel["Service"]
}

const ownFaults: ReadonlySet<ModelError["_tag"]> = new Set([
  "ModelRequestRejected",
  "ContentFiltered",
  "BudgetExceeded"
])

/** Whether another upstream may fare better. A request that is wrong, filtered or too dear is so everywhere. */
export const isWorthFallback = (error: ModelError): boolean => !ownFaults.has(error._tag)

/**
 * Tries candidates in order; those that were given up before in the same turn (`GivenUpRoutes`) come last. Who has
 * another one after it is asked under `FallbackAhead`. Each switch is logged as a warning; `CallNotes` hears who
 * answers. When all have failed, the failure is the last one, and its hint names all that were tried. Tokens are counted
 * where each of them can count.
 */
export const fallbackModel = (
  candidates: readonly [FallbackCandidate, ...ReadonlyArray<FallbackCandidate>]
): LanguageModel["Service"] => {
  const [first] = candidates
  const counting = candidates.flatMap(({ model, route }) => {
    const { countTokens } = model
    return countTokens === undefined ? [] : [{ model, route, countTokens }]
  })
  return makeLanguageModel({
    provider: first.model.provider,
    defaultModel: first.route.model === "" ? first.model.defaultModel : first.route.model,
    stream: (request) =>
      Stream.unwrap(inOrder(candidates, ({ model, route }) => begun(model.stream(requestFor(route, request))))),
    generate: (request) => inOrder(candidates, ({ model, route }) => model.generate(requestFor(route, request))),
    countTokens:
      counting.length < candidates.length
        ? undefined
        : (request) => inOrder(counting, ({ countTokens, route }) => countTokens(requestFor(route, request)))
  })
}

const requestFor = (route: ModelRoute, request: ModelRequest): ModelRequest => ({ ...request, model: route.model })

const inOrder = <C extends FallbackCandidate, A, R>(
  candidates: ReadonlyArray<C>,
  ask: (candidate: C) => Effect.Effect<A, ModelError, R>
): Effect.Effect<A, ModelError, R> => {
  const askFrom = (
    [candidate, ...others]: ReadonlyArray<C>,
    tried: ReadonlyArray<string>,
    givenUp: Set<string> | undefined
  ): Effect.Effect<A, ModelError, R> => {
    if (candidate === undefined) return Effect.die(new Error("A fallback needs a candidate."))
    const nowTried = [...tried, nameOf(candidate)]
    const [next] = others
    const asked = next === undefined ? ask(candidate) : Effect.provideService(ask(candidate), FallbackAhead, true)
    return asked.pipe(
      Effect.tap(() => noteAnswer(candidate, tried)),
      Effect.catch((error) => {
        if (next === undefined || !isWorthFallback(error)) return Effect.fail(naming(nowTried, error))
        givenUp?.add(nameOf(candidate))
        return Effect.andThen(
          Effect.logWarning(`${error.message} Asking ${nameOf(next)} instead.`),
          askFrom(others, nowTried, givenUp)
        )
      })
    )
  }
  if (candidates.length === 1) return askFrom(candidates, [], undefined)
  return Effect.flatMap(GivenUpRoutes, (givenUp) => {
    const isGivenUp = (candidate: C) => givenUp?.has(nameOf(candidate)) ?? false
    const ordered = [
      ...candidates.filter((candidate) => !isGivenUp(candidate)),
      ...candidates.filter((candidate) => isGivenUp(candidate))
    ]
    return askFrom(ordered, [], givenUp)
  })
}

const nameOf = ({ model, route }: FallbackCandidate): string =>
  `${route.upstream}/${route.model === "" ? model.defaultModel : route.model}`

const noteAnswer = ({ model, route }: FallbackCandidate, tried: ReadonlyArray<string>) =>
  Effect.flatMap(CallNotes, (note) =>
    note({
      type: "answering",
      upstream: route.upstream,
      model: route.model === "" ? model.defaultModel : route.model,
      tried
    })
  )

/** The failure, saying who was asked where that was more than one. */
const naming = <E extends ModelError>(tried: ReadonlyArray<string>, error: E): E => {
  if (tried.length === 1) return error
  const hint = `Tried ${tried.join(", ")}.${error.hint === undefined ? "" : ` ${error.hint}`}`
  // The class of an error takes the fields that its instances have.
  const Same = error.constructor as new (fields: object) => E
  return new Same({ ...error, hint })
}
