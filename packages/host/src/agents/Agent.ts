/**
 * An agent that can be talked to: a model of its own over the servers of one set. It is made in the scope of that set
 * and ends with it.
 */
import { type Approval, ConversationClient, joinHooks, type TurnHooks } from "@signalbox/conversation"
import { joinToolboxes, LanguageModel, localCall, Toolbox } from "@signalbox/model"
import type { ConnectionFailed, ServerOrchestrator } from "@signalbox/orchestrator"
import { Context, Effect, Layer } from "effect"
import type { ChosenModel } from "../models/chooseModel.ts"
import type { AgentEntry } from "../config/AgentEntry.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { HostOptions } from "../config/HostOptions.ts"
import { conversationLayer } from "../conversations.ts"
import { successOf } from "../errors.ts"
import type { KeptStores } from "../HostSetup.ts"
import { configuredHooks } from "../offersHooks.ts"
import type { PromptCommands } from "../prompts/PromptCommands.ts"
import type { Instructions } from "../rules/Instructions.ts"
import type { ProjectRules } from "../rules/ProjectRules.ts"
import { whenUsable } from "../whenUsable.ts"

/** An agent that runs. */
export interface Agent {
  readonly name: string
  readonly model: ChosenModel
  /** The tools of its servers, and the built-in ones, that it may call. */
  readonly toolbox: Toolbox["Service"]
  readonly orchestrator: ServerOrchestrator["Service"]
  readonly conversations: ConversationClient["Service"]
  /** What the configuration adds to each model call of a turn. `conversations` have it already. */
  readonly hooks: TurnHooks
  /** What `conversations` tell the model of the project, as it is now; each tells what it began with. */
  readonly instructions: Effect.Effect<Instructions>
  /** What a person can send by a name: files of theirs, and prompts of its servers. */
  readonly promptCommands: PromptCommands
  /** Waits for the servers that are still coming, as long as it makes sense to wait for them. */
  readonly usable: Effect.Effect<void, ConnectionFailed>
}

/** The options as they are for an agent: its own model and rounds of tools, but for what a flag of this run says. */
export const optionsFor = (
  { options, origins }: LoadedConfig,
  { maxHops, model: own = {} }: AgentEntry
): HostOptions => {
  const saysFlag = (at: string) => origins.some(({ origin, path }) => path === at && origin.startsWith("flag "))
  const isByFlag = (key: string) => saysFlag(`model.${key}`)
  const kept = Object.fromEntries(Object.entries(own).filter(([key]) => !isByFlag(key)))
  const hops = maxHops === undefined || saysFlag("conversation.maxHops") ? options.conversation.maxHops : maxHops
  // The name of a model belongs to its provider.
  const name = "provider" in kept && !isByFlag("name") ? "" : options.model.name
  return {
    ...options,
    model: { ...options.model, name, ...kept },
    conversation: { ...options.conversation, maxHops: hops }
  }
}

/** What an agent is made of. */
export interface AgentParts {
  readonly options: HostOptions
  readonly approval: Approval
  readonly model: ChosenModel
  readonly orchestrator: ServerOrchestrator["Service"]
  /** Those that it may call. */
  readonly builtIns: Toolbox["Service"]
  readonly kept: KeptStores
  readonly rules: ProjectRules["Service"]
}

/** Makes an agent of the servers of its set. */
export const makeAgent = Effect.fnUntraced(function* (
  name: string,
  { approval, builtIns, kept, model, options, orchestrator, rules }: AgentParts
) {
  const toolbox = joinToolboxes([builtIns, orchestrator.toolbox], options.runtime.naming)
  const hooks = joinHooks([yield* configuredHooks(options, orchestrator), rules.hooks(name).turn])
  const conversations = yield* Layer.build(
    conversationLayer({ options, hooks, approval, orchestrator, model, kept, rules, agent: name }).pipe(
      Layer.provide([Layer.succeed(LanguageModel, model.service), Layer.succeed(Toolbox, toolbox)])
    )
  )
  return {
    name,
    model,
    toolbox,
    orchestrator,
    conversations: Context.get(conversations, ConversationClient),
    hooks,
    instructions: rules.instructions,
    promptCommands: rules.promptCommands(orchestrator),
    usable: Effect.andThen(whenUsable(orchestrator), orchestrator.requiredReady)
  } satisfies Agent
})

/** Waits for the servers that an agent needs, and does what it does at its start. */
export const startAgent = Effect.fnUntraced(function* (
  { name, orchestrator, toolbox }: Agent,
  { onStart = [] }: AgentEntry
) {
  yield* orchestrator.requiredReady
  for (const { args = {}, tool } of onStart) {
    yield* successOf(tool, yield* toolbox.call(tool, args, localCall({ conversationId: `${name}:start` })))
  }
})
