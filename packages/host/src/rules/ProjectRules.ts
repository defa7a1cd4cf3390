/**
 * What a project brings along for its conversations, whoever has them: instructions, hooks, prompts in files. One for a
 * program; agents have the same.
 */
import { joinHooks, noHooks, type TurnHooks } from "@signalbox/conversation"
import type { BuiltInRequirements } from "@signalbox/tools"
import { Context, Effect, Layer } from "effect"
import { noSeams } from "../HostSeams.ts"
import type { HostSetup } from "../HostSetup.ts"
import { makePromptCommands, type PromptCommands, type PromptSource } from "../prompts/PromptCommands.ts"
import { makeFileIncludes } from "./FileIncludes.ts"
import { type CommandHooks, makeCommandHooks } from "./hooks/commandHooks.ts"
import { type HookNumbers, hookNumbers } from "./hooks/hookMetrics.ts"
import { resolveHooks } from "./hooks/resolveHooks.ts"
import { type Instructions, readInstructions } from "./Instructions.ts"

type RulesSetup = Pick<HostSetup, "config" | "environment" | "hooks" | "owner" | "seams">

/** Internal to the composition. */
export class ProjectRules extends Context.Service<
  ProjectRules,
  {
    /** As the files are now. */
    readonly instructions: Effect.Effect<Instructions>
    /** The hooks of the program and, after them, those of the configuration; `agent` is whose conversation it is. */
    readonly hooks: (agent: string | undefined) => CommandHooks
    /** What was counted of the hooks of the configuration, by event. */
    readonly hookNumbers: Effect.Effect<Readonly<Record<string, HookNumbers>>>
    /** The commands over the prompts of some servers. */
    readonly promptCommands: (source: PromptSource) => PromptCommands
  }
>()("@signalbox/host/ProjectRules") {
  static readonly layer = (setup: RulesSetup): Layer.Layer<ProjectRules, never, BuiltInRequirements> =>
    Layer.effect(ProjectRules, makeProjectRules(setup))
}

const makeProjectRules = Effect.fnUntraced(function* ({
  config,
  environment,
  hooks: own,
  owner,
  seams = noSeams
}: RulesSetup) {
  const includes = yield* makeFileIncludes(config, environment)
  const platform = yield* Effect.context<BuiltInRequirements>()
  const hooks = resolveHooks(config, environment, owner)
  const inCode: TurnHooks = own ?? noHooks
  return {
    instructions: seams.instructions(Effect.provideContext(readInstructions(config, environment, includes), platform)),
    hooks: (agent) => {
      const commands = makeCommandHooks({ hooks, environment, agent, platform, seam: seams.hooks })
      return { ...commands, turn: joinHooks([inCode, commands.turn]) }
    },
    hookNumbers: Effect.provideContext(hookNumbers, platform),
    promptCommands: (source) => makePromptCommands({ config, environment, includes, source, platform })
  } satisfies ProjectRules["Service"]
})
