/**
 * The composition: a checked configuration becomes one layer with the servers, the model and the
 * conversations over them. Building it waits for nothing; servers start in the background.
 */
import {
  ConversationClient,
  type EventStore,
  joinHooks,
  type TurnContext,
  type TurnHooks
} from "@signalbox/conversation"
import { joinToolboxes, LanguageModel, Toolbox } from "@signalbox/model"
import {
  type ConnectionFailed,
  ConnectorSeam,
  makeCap,
  makeStartGate,
  ownRegistry,
  ServerOrchestrator,
  ServerSets,
  SharedConnectionCap,
  SharedStartGate
} from "@signalbox/orchestrator"
import { Context, Effect, Layer, Metric } from "effect"
import { HttpClient } from "effect/http"
import { Agents } from "./agents/Agents.ts"
import { type AllCircuits, allCircuits, providerCircuits } from "./allCircuits.ts"
import { Approvals } from "./approvals/Approvals.ts"
import { type AllServers, allServers } from "./allServers.ts"
import { BuiltIns } from "./builtIns/BuiltIns.ts"
import { withSubAgent } from "./builtIns/subAgent.ts"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import { conversationLayer, type ConversationSettings, conversationSettings } from "./conversations.ts"
import { noSeams } from "./HostSeams.ts"
import type { HostSetup } from "./HostSetup.ts"
import { configuredHooks } from "./offersHooks.ts"
import { orchestratorOptions } from "./orchestratorOptions.ts"
import type { ChosenModel } from "./models/chooseModel.ts"
import { Models } from "./models/Models.ts"
import { makeOtherModel } from "./models/otherModel.ts"
import { makeReload, type Reload } from "./Reload.ts"
import type { PromptCommands } from "./prompts/PromptCommands.ts"
import type { Instructions } from "./rules/Instructions.ts"
import { ProjectRules } from "./rules/ProjectRules.ts"
import { managedServers } from "./servers.ts"
import { postAlerts, telemetryLayer } from "./telemetry.ts"
import { servedContext } from "./turnContext.ts"
import { UrlServers } from "./urlServers/UrlServers.ts"
import { whenUsable } from "./whenUsable.ts"

/**
 * Everything that runs of one configuration: its model, its servers, its conversations. Use it where a configuration
 * file decides; with options in code, take the packages below it.
 */
export class Host extends Context.Service<
  Host,
  {
    readonly config: LoadedConfig
    /** Who answers where nobody names a model. */
    readonly model: ChosenModel
    /** All upstreams, who answers to which name, and what was used. */
    readonly models: Models["Service"]
    /**
     * Another model for a conversation that has begun, by its name; `upstream` is the provider of a name that comes without
     * one. It fails where nothing is known of such a model, or its key is missing.
     */
    readonly otherModel: ReturnType<typeof makeOtherModel>
    /** All tools of all sources, named by one rule. */
    readonly toolbox: Toolbox["Service"]
    readonly orchestrator: ServerOrchestrator["Service"]
    readonly conversations: ConversationClient["Service"]
    /** Where `conversations` that have a name are kept; `undefined` where they end with the program. */
    readonly conversationStore: EventStore["Service"] | undefined
    /** What conversations are made of whose history the host keeps, for who holds them itself. `conversations` have it already. */
    readonly conversationSettings: ConversationSettings
    /** What the configuration adds to each model call of a turn. `conversations` have it already. */
    readonly hooks: TurnHooks
    /** What keeps turns short whose history is that of a client. `conversations` have theirs already. */
    readonly servedContext: TurnContext
    /** Who asks before a tool runs. `conversations` and agents have theirs already. */
    readonly approvals: Approvals["Service"]
    /**
     * Waits until it makes sense to ask the model: all servers have started or failed or their tools are
     * remembered, or some run and no other has become ready for a moment. A server that hangs does not hold up the others, unless it is required:
     * required servers are waited for, and it fails when one of them cannot be started.
     */
    readonly usable: Effect.Effect<void, ConnectionFailed>
    /** What was counted of the calls of built-in tools, by the names of tools. */
    readonly builtInNumbers: BuiltIns["Service"]["numbers"]
    /** What was counted of the hooks of the configuration, by event. */
    readonly hookNumbers: ProjectRules["Service"]["hookNumbers"]
    /** Numbers and alerts of all servers, those of agents included. `orchestrator` knows its own alone. */
    readonly allServers: AllServers
    /** Those of servers and of providers, to be seen and worked by hand. */
    readonly allCircuits: AllCircuits
    /** Each with servers and a model of its own. Those of the configuration are there; which run is theirs to say. */
    readonly agents: Agents["Service"]
    /** Servers that are not of the configuration, for requests that bring them. */
    readonly urlServers: UrlServers["Service"]
    /** What `conversations` tell the model of the project, as it is now; each tells what it began with. */
    readonly instructions: Effect.Effect<Instructions>
    /** What a person can send by a name: files of theirs, and prompts of `orchestrator`. Agents have their own. */
    readonly promptCommands: PromptCommands
    /** Follows a configuration file that changes. Nothing is watched until somebody reads `watch`. */
    readonly reload: Reload
  }
>()("@signalbox/host/Host") {
  /** Everything from one configuration. Fails before anything starts when a key or a variable is missing. */
  static readonly layer = (given: HostSetup) => {
    const { seams = noSeams } = given
    const setup = withResults(given, seams.results(given.resultStore))
    const models = Layer.effect(
      Models,
      Effect.flatMap(Models.make(setup.config, setup.environment), seams.models)
    ).pipe(Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, seams.http))))
    const servers = Layer.unwrap(
      Effect.gen(function* () {
        const managed = yield* managedServers(setup.config, setup.environment)
        return ServerOrchestrator.layer(yield* orchestratorOptions(setup, managed))
      })
    )
    const toolbox = Layer.effect(
      Toolbox,
      Effect.gen(function* () {
        const { options } = setup.config
        const { toolbox } = yield* BuiltIns
        const parts = {
          options,
          models: yield* Models,
          approvals: yield* Approvals,
          agents: yield* Agents,
          builtIns: toolbox,
          hooks: (yield* ProjectRules).hooks(undefined).turn,
          resultStore: setup.resultStore
        }
        // The built-in ones first: what servers come and go changes nothing before them, and prompt caches keep.
        return joinToolboxes([withSubAgent(parts), (yield* ServerOrchestrator).toolbox], options.runtime.naming)
      })
    )
    const model = Layer.effect(
      LanguageModel,
      Effect.map(Models, ({ chosen }) => chosen.service)
    )
    const hooks = Layer.effect(
      Hooks,
      Effect.gen(function* () {
        const offers = yield* configuredHooks(setup.config.options, yield* ServerOrchestrator)
        return joinHooks([offers, (yield* ProjectRules).hooks(undefined).turn])
      })
    )
    const conversations = Layer.unwrap(
      Effect.gen(function* () {
        const { options } = setup.config
        return conversationLayer({
          options,
          hooks: yield* Hooks,
          approval: (yield* Approvals).conversations,
          orchestrator: yield* ServerOrchestrator,
          model: (yield* Models).chosen,
          kept: setup,
          rules: yield* ProjectRules
        })
      })
    )
    const approvals = Approvals.layer(setup)
    const builtIns = BuiltIns.layer(setup)
    const rules = ProjectRules.layer(setup)
    const agents = Agents.layer(setup).pipe(
      Layer.provideMerge(agentSets(setup)),
      Layer.provide([models, approvals, builtIns, rules])
    )
    // Servers of agents start through the same gate as all others, and keep to the same limit.
    const shared = Layer.unwrap(
      Effect.gen(function* () {
        const options = yield* orchestratorOptions(setup, [])
        const gate = Layer.succeed(SharedStartGate, makeStartGate(options))
        return Layer.mergeAll(
          gate,
          Layer.succeed(SharedConnectionCap, yield* makeCap(options)),
          Layer.succeed(ConnectorSeam, seams.connector)
        )
      })
    )
    return Layer.effect(Host, makeHost(setup)).pipe(
      Layer.provideMerge(conversations),
      Layer.provideMerge(Layer.mergeAll(toolbox, model, hooks)),
      Layer.provideMerge(Layer.mergeAll(servers, models, agents, approvals, UrlServers.layer(setup), builtIns, rules)),
      // One for all, so that what is read of it is complete; that of a collector where there is one.
      Layer.provideMerge(Layer.effect(Metric.MetricRegistry, ownRegistry)),
      // Below everything, so that all of it is traced and counted.
      Layer.provideMerge(telemetryLayer(setup.config, setup.environment)),
      Layer.provide(shared)
    )
  }
}

const withResults = ({ resultStore: _given, ...setup }: HostSetup, store: HostSetup["resultStore"]): HostSetup =>
  store === undefined ? setup : { ...setup, resultStore: store }

/** Sets of servers for agents. What a killed program left behind is cleared up by the servers of the program itself. */
const agentSets = (setup: HostSetup) =>
  Layer.unwrap(
    Effect.map(orchestratorOptions(setup, []), (options) => ServerSets.layer({ ...options, sweepsOrphans: false }))
  )

/** What is added to model calls; internal to the composition. */
class Hooks extends Context.Service<Hooks, TurnHooks>()("@signalbox/host/Hooks") {}

const makeHost = Effect.fnUntraced(function* (setup: HostSetup) {
  const { config, conversationStore, environment, resultStore } = setup
  const orchestrator = yield* ServerOrchestrator
  const all = allServers(orchestrator, yield* ServerSets)
  yield* postAlerts(config, environment, all.alerts)
  const models = yield* Models
  yield* orchestrator.metrics.watch({ pools: [], breakers: [providerCircuits(models)] })
  const agents = yield* Agents
  const approvals = yield* Approvals
  const builtIns = yield* BuiltIns
  return {
    config,
    model: models.chosen,
    models,
    otherModel: makeOtherModel({ config, ...(resultStore === undefined ? {} : { resultStore }) }, models),
    toolbox: yield* Toolbox,
    orchestrator,
    conversations: yield* ConversationClient,
    conversationStore,
    conversationSettings: conversationSettings({ options: config.options, model: models.chosen, kept: setup }),
    hooks: yield* Hooks,
    servedContext: servedContext(config.options, models.chosen.context, resultStore),
    builtInNumbers: builtIns.numbers,
    hookNumbers: (yield* ProjectRules).hookNumbers,
    allServers: all,
    allCircuits: allCircuits(orchestrator, models),
    agents,
    urlServers: yield* UrlServers,
    usable: Effect.andThen(whenUsable(orchestrator), orchestrator.requiredReady),
    approvals,
    instructions: (yield* ProjectRules).instructions,
    promptCommands: (yield* ProjectRules).promptCommands(orchestrator),
    reload: yield* makeReload(config, environment, { orchestrator, agents, approvals, builtIns })
  }
})
