/**
 * The models of a configuration, without its servers: for commands that only ask who answers to which name.
 */
import { Models } from "@signalbox/host"
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
