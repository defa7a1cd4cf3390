/**
 * The composition: a checked configuration becomes one layer with the servers, the model and the
 * conversations over them. Building it waits for nothing; servers start in the background.
 */
import { ConversationClient, type TurnHooks } from "@signalbox/conversation"
import { joinToolboxes, LanguageModel, Toolbox } from "@signalbox/model"
import {
  type ConnectionFailed,
  orchestratorDefaults,
  type OrchestratorOptions,
  ServerOrchestrator
} from "@signalbox/orchestrator"
import { Context, Effect, Layer, Option, Path, Stream } from "effect"
import { alertOptions } from "./alerts.ts"
import { askedBack } from "./askedBack.ts"
import { chooseModel, type ChosenModel } from "./chooseModel.ts"
import { type LoadedConfig } from "./config/ConfigFile.ts"
import { configuredHooks } from "./offersHooks.ts"
import { makeReload, type Reload } from "./Reload.ts"
import { managedServers } from "./servers.ts"

/** What a program tells its host. */
export interface HostSetup {
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Marks the processes of this program, so that the next one can clear up what a kill left behind. */
  readonly owner: string | undefined
  /** The folder of this program for what can be made again; `undefined` where there is none. */
  readonly cacheDirectory: string | undefined
  /** Processor cores: how many processes are worth spawning at once. */
  readonly cores: number
  /** Whether all servers are started at once. Without it each starts when it is asked for. */
  readonly startsAll: boolean
  /** What servers may ask back. A front end that answers such questions says so here; without it all are declined. */
  readonly questions?: OrchestratorOptions["questions"]
}

/**
 * Everything that runs of one configuration: its model, its servers, its conversations. Use it where a configuration
 * file decides; with options in code, take the packages below it.
 */
export class Host extends Context.Service<
  Host,
  {
    readonly config: LoadedConfig
    readonly model: ChosenModel
    /** All tools of all sources, named by one rule. */
    readonly toolbox: Toolbox["Service"]
    readonly orchestrator: ServerOrchestrator["Service"]
    readonly conversations: ConversationClient["Service"]
    /** What the configuration adds to each model call of a turn. `conversations` have it already. */
    readonly hooks: TurnHooks
    /**
     * Waits until it makes sense to ask the model: all servers have started or failed or their tools are
     * remembered, or some run and no other has become ready for a moment. A server that hangs does not hold up the others, unless it is required:
     * required servers are waited for, and it fails when one of them cannot be started.
     */
    readonly usable: Effect.Effect<void, ConnectionFailed>
    /** Follows a configuration file that changes. Nothing is watched until somebody reads `watch`. */
    readonly reload: Reload
  }
>()("@signalbox/host/Host") {
  /** Everything from one configuration. Fails before anything starts when a key or a variable is missing. */
  static readonly layer = (setup: HostSetup) => {
    const models = Layer.effect(Models, chooseModel(setup.config.options, setup.environment))
    const servers = Layer.unwrap(
      Effect.gen(function* () {
        const managed = yield* managedServers(setup.config, setup.environment)
        const questions = yield* askedBack(setup.config, setup.questions)
        return ServerOrchestrator.layer(orchestratorOptions(setup, managed, questions, yield* Path.Path))
      })
    )
    const toolbox = Layer.effect(
      Toolbox,
      Effect.map(ServerOrchestrator, (orchestrator) =>
        joinToolboxes([orchestrator.toolbox], setup.config.options.runtime.naming)
      )
    )
    const model = Layer.effect(
      LanguageModel,
      Effect.map(Models, (chosen) => chosen.service)
    )
    const { conversation, model: modelOptions } = setup.config.options
    const hooks = Layer.effect(
      Hooks,
      Effect.flatMap(ServerOrchestrator, (orchestrator) => configuredHooks(setup.config.options, orchestrator))
    )
    const conversations = Layer.unwrap(
      Effect.map(Hooks, (hooks) =>
        ConversationClient.layer({
          limits: {
            maxHops: conversation.maxHops,
            toolConcurrency: conversation.toolConcurrency,
            toolTimeout: conversation.toolTimeout
          },
          request: {
            system: modelOptions.systemPrompt === "" ? [] : [{ type: "text", text: modelOptions.systemPrompt }],
            maxTokens: modelOptions.maxTokens
          },
          hooks,
          maxSessions: conversation.maxSessions,
          idleTimeout: conversation.sessionIdleTimeout
        })
      )
    )
    return Layer.effect(Host, makeHost(setup)).pipe(
      Layer.provideMerge(conversations),
      Layer.provideMerge(Layer.mergeAll(toolbox, model, hooks)),
      Layer.provideMerge(Layer.merge(servers, models))
    )
  }
}

/** The model that was chosen; internal to the composition. */
class Models extends Context.Service<Models, ChosenModel>()("@signalbox/host/Models") {}

/** What is added to model calls; internal to the composition. */
class Hooks extends Context.Service<Hooks, TurnHooks>()("@signalbox/host/Hooks") {}

const toolCacheDirectory = ({ cacheDirectory, config }: HostSetup, path: Path.Path): string | undefined => {
  const { toolCache } = config.options.runtime
  if (toolCache === "auto") return cacheDirectory === undefined ? undefined : path.join(cacheDirectory, "tools")
  return toolCache === "" ? undefined : path.resolve(config.directory, toolCache)
}

const orchestratorOptions = (
  setup: HostSetup,
  servers: OrchestratorOptions["servers"],
  questions: OrchestratorOptions["questions"],
  path: Path.Path
): OrchestratorOptions => {
  const { runtime } = setup.config.options
  return {
    ...orchestratorDefaults,
    servers,
    toolCacheDirectory: toolCacheDirectory(setup, path),
    naming: runtime.naming,
    spawnConcurrency: runtime.spawnConcurrency === 0 ? setup.cores + 1 : runtime.spawnConcurrency,
    startConcurrency: runtime.startConcurrency,
    packageConcurrency: runtime.packageConcurrency,
    packageTimeout: runtime.packageTimeout,
    startsAll: setup.startsAll,
    restart: {
      base: runtime.restart.firstDelay,
      cap: runtime.restart.maxDelay,
      factor: runtime.restart.factor,
      healthyAfter: runtime.restart.healthyAfter
    },
    metrics: runtime.metrics,
    alerts: alertOptions(runtime.alerts),
    owner: setup.owner,
    questions
  }
}

const makeHost = Effect.fnUntraced(function* ({ config, environment }: HostSetup) {
  const orchestrator = yield* ServerOrchestrator
  return {
    config,
    model: yield* Models,
    toolbox: yield* Toolbox,
    orchestrator,
    conversations: yield* ConversationClient,
    hooks: yield* Hooks,
    usable: Effect.andThen(whenUsable(orchestrator), orchestrator.requiredReady),
    reload: yield* makeReload(config, environment, orchestrator)
  }
})

/** After so long without another server becoming ready, those that run are taken as all there are. */
const quietTime = "750 millis"

const whenUsable = (orchestrator: ServerOrchestrator["Service"]): Effect.Effect<void> => {
  const areAllRemembered = Effect.map(orchestrator.servers, (servers) =>
    servers.every(({ areToolsRemembered, state }) => state !== "starting" || areToolsRemembered)
  )
  const isSomeRunning = Effect.map(orchestrator.servers, (servers) => servers.some(({ state }) => state === "running"))
  // Attempts of a server that does not come up are no news: only servers that have become ready are.
  const nextReady = orchestrator.changes.pipe(
    Stream.filter((event) => event._tag === "StateChanged" && event.info.state === "running"),
    Stream.runHead
  )
  const quiet = Effect.gen(function* () {
    while (true) {
      const ready = yield* Effect.timeoutOption(nextReady, quietTime)
      if (Option.isNone(ready) && (yield* isSomeRunning)) return
    }
  })
  return Effect.flatMap(areAllRemembered, (areKnown) =>
    areKnown ? Effect.void : Effect.raceFirst(orchestrator.settled, quiet)
  )
}
