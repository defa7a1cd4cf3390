/**
 * The models of a configuration, without its servers: for commands that only ask who answers to which name.
 */
import { type LoadedConfig, Models } from "@signalbox/host"
import { Effect } from "effect"
import { Setting } from "../Setting.ts"
import { readConfig } from "../withHost.ts"

/** Reads the configuration and its models. Nothing is started, and nobody is asked but a local server for what it has. */
export const readModels = Effect.gen(function* () {
  const { environment } = yield* Setting
  const config = yield* readConfig([], "preset")
  const models = yield* Models.make(config, environment)
  return { config, models }
})

/** The same configuration where nobody in particular has to answer. */
const withoutWishes = (config: LoadedConfig): LoadedConfig => {
  const { model, routing } = config.options
  const options = {
    ...config.options,
    model: { ...model, provider: "offline" },
    routing: { ...routing, rules: [], big: "", small: "", fallbacks: {} }
  }
  return { ...config, options }
}

/**
 * The same for commands that are there to tell, among other things, whose key is missing: `lacking` is the provider
 * without which the program would not start.
 */
export const readProviders = Effect.gen(function* () {
  const { environment } = yield* Setting
  const config = yield* readConfig([], "preset")
  const made = Effect.map(Models.make(config, environment), (models) => ({ config, models, lacking: undefined }))
  return yield* Effect.catchTag(made, "MissingApiKey", ({ provider }) =>
    Effect.map(Models.make(withoutWishes(config), environment), (models) => ({ config, models, lacking: provider }))
  )
})
