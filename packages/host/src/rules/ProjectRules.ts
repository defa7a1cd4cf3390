/**
 * What a project brings along for its conversations, whoever has them: prompts in files. One for a program; agents
 * have the same.
 */
import type { BuiltInRequirements } from "@signalbox/tools"
import { Context, Effect, Layer } from "effect"
import type { HostSetup } from "../HostSetup.ts"
import { makePromptCommands, type PromptCommands, type PromptSource } from "../prompts/PromptCommands.ts"
import { makeFileIncludes } from "./FileIncludes.ts"

/** Internal to the composition. */
export class ProjectRules extends Context.Service<
  ProjectRules,
  {
    /** The commands over the prompts of some servers. */
    readonly promptCommands: (source: PromptSource) => PromptCommands
  }
>()("@signalbox/host/ProjectRules") {
  static readonly layer = (
    setup: Pick<HostSetup, "config" | "environment">
  ): Layer.Layer<ProjectRules, never, BuiltInRequirements> => Layer.effect(ProjectRules, makeProjectRules(setup))
}

const makeProjectRules = Effect.fnUntraced(function* ({
  config,
  environment
}: Pick<HostSetup, "config" | "environment">) {
  const includes = yield* makeFileIncludes(config, environment)
  const platform = yield* Effect.context<BuiltInRequirements>()
  return {
    promptCommands: (source) => makePromptCommands({ config, environment, includes, source, platform })
  } satisfies ProjectRules["Service"]
})
