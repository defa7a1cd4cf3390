/**
 * Another model for a conversation that has begun: by a name of the routing, `provider/model`, a provider, or a model of the
 * provider that answers now.
 */
import type { SendOptions } from "@signalbox/conversation"
import { contextWindowOf, ModelNotFound, type ModelRoute, nearestName } from "@signalbox/model"
import { Effect } from "effect"
import type { HostSetup } from "../HostSetup.ts"
import { conversationContext } from "../turnContext.ts"
import type { ChosenModel } from "./chooseModel.ts"
import { readModelReference } from "./modelReference.ts"
import type { Models } from "./Models.ts"

/** A model that was chosen by its name. */
export interface OtherModel {
  readonly chosen: ChosenModel
  /** What a turn is sent with so that this model answers it. */
  readonly send: Pick<SendOptions, "answeredBy" | "limits">
}

/** The names that are known without asking a provider. */
export const knownModels = ({ router, upstreams }: Models["Service"]): ReadonlyArray<string> => [
  ...new Set([
    ...[...upstreams.values()].flatMap(({ defaultModel, name }) =>
      defaultModel === "" ? [name] : [name, `${name}/${defaultModel}`]
    ),
    ...router.models
  ])
]

const routeOf = Effect.fnUntraced(function* (
  { config: { options } }: Pick<HostSetup, "config">,
  models: Models["Service"],
  name: string,
  upstream: string
) {
  if (models.router.models.includes(name)) return (yield* models.router.resolve(name)).route
  const providers = new Set([...Object.keys(options.providers), ...models.upstreams.keys()])
  const route: ModelRoute = readModelReference(name, providers, upstream)
  // A name that nobody knows is more often a slip than a model of which nothing is known; with its provider it is neither.
  if (route.upstream !== upstream || name.startsWith(`${upstream}/`) || name === upstream) return route
  const known = knownModels(models)
  const own = known.flatMap((each) => (each.startsWith(`${upstream}/`) ? [each.slice(upstream.length + 1)] : []))
  if (own.includes(name) || contextWindowOf(name) !== undefined) return route
  const nearest = nearestName(name, [...known, ...own])
  const guess = nearest === undefined ? `Known: ${known.join(", ")}.` : `Did you mean "${nearest}"?`
  const allTheSame = ` One that is there all the same is named with its provider: ${upstream}/${name}.`
  const reason = `nothing is known of it. ${guess}${upstream === "offline" ? "" : allTheSame}`
  return yield* new ModelNotFound({ provider: upstream, model: name, reason })
})

/** Finds the model; `upstream` is the provider of a name that comes without one. */
export const makeOtherModel = (setup: Pick<HostSetup, "config" | "resultStore">, models: Models["Service"]) =>
  Effect.fn("Host.otherModel")(function* (name: string, upstream: string) {
    const { options } = setup.config
    const route = yield* routeOf(setup, models, name, upstream)
    const model = { ...options.model, provider: route.upstream, name: route.model }
    const chosen = yield* models.choose({ ...options, model })
    const { budget, context, service } = chosen
    return {
      chosen,
      send: {
        answeredBy: {
          name: route.model === "" ? route.upstream : `${route.upstream}/${route.model}`,
          model: service,
          context: conversationContext(options, context, setup.resultStore)
        },
        ...(budget === undefined ? {} : { limits: { budget } })
      }
    } satisfies OtherModel
  })
