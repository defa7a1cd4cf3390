/**
 * How an agent that runs becomes what a changed configuration says: its servers follow one by one, so that its calls end
 * on the old ones, and only another model, or other built-in tools, make another agent over them. First it is found out what would be wrong.
 */
import type { DuplicateServerName, ManagedServer, ServerSets, StartError } from "@signalbox/orchestrator"
import { Effect, Equal, Scope } from "effect"
import type { Approvals } from "../approvals/Approvals.ts"
import type { BuiltIns } from "../builtIns/BuiltIns.ts"
import type { AgentEntry } from "../config/AgentEntry.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { FoundProblem } from "../config/layers.ts"
import type { Models } from "../models/Models.ts"
import type { KeptStores } from "../HostSetup.ts"
import type { ProjectRules } from "../rules/ProjectRules.ts"
import { type Agent, makeAgent, optionsFor } from "./Agent.ts"
import { agentBuiltIns, builtInChoice } from "./agentBuiltIns.ts"
import { agentServers } from "./agentServers.ts"

/** An agent that runs, and what it was made from. */
export interface RunningAgent {
  readonly agent: Agent
  readonly entry: AgentEntry
  readonly servers: ReadonlyArray<ManagedServer>
  /** That of its set. */
  readonly scope: Scope.Scope
}

/** A server of an agent whose new options do not work: it goes on by its old ones. */
export interface KeptServer {
  readonly agentName: string
  readonly serverName: string
  readonly error: StartError
}

/** What became of the agents of a new configuration. Names, in its order. */
export interface AgentsChanged {
  readonly added: ReadonlyArray<string>
  /** Gone from the configuration. Those that ran end when their calls are answered. */
  readonly removed: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly unchanged: ReadonlyArray<string>
  readonly kept: ReadonlyArray<KeptServer>
}

/** What would become of the agents of a new configuration. */
export interface AgentsPlan {
  /** What those that run would need and do not find. */
  readonly problems: ReadonlyArray<FoundProblem>
  readonly apply: Effect.Effect<AgentsChanged, DuplicateServerName>
}

/** What is known of the agents of a program. */
export interface AgentSurroundings {
  /** What the program was started with: only agents and servers follow a changed file. */
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly kept: KeptStores
  readonly models: Models["Service"]
  readonly approvals: Approvals["Service"]
  readonly builtIns: BuiltIns["Service"]
  readonly rules: ProjectRules["Service"]
  readonly sets: ServerSets["Service"]
  readonly running: Map<string, RunningAgent>
}

/** What it takes to make an agent that runs what an entry of a new configuration says. */
export const planChange = Effect.fnUntraced(function* (
  { approvals, builtIns, config, kept: stores, environment, models, rules, running, sets }: AgentSurroundings,
  agentName: string,
  now: RunningAgent,
  entry: AgentEntry,
  next: LoadedConfig
) {
  const { problems, servers } = yield* agentServers(next, environment, agentName, entry)
  const options = optionsFor(config, entry)
  const hasOtherServers = !Equal.equals(now.servers, servers)
  const hasOtherModel = !Equal.equals(optionsFor(config, now.entry).model, options.model)
  const isOther =
    hasOtherModel ||
    now.entry.maxHops !== entry.maxHops ||
    !Equal.equals(builtInChoice(now.entry), builtInChoice(entry))
  const model = hasOtherModel && problems.length === 0 ? yield* models.choose(options) : now.agent.model
  const apply = Effect.gen(function* () {
    const kept = hasOtherServers
      ? yield* sets.reconfigure(agentName, servers).pipe(
          Effect.map(({ kept }) => kept.map((server): KeptServer => ({ agentName, ...server }))),
          // Somebody has removed it meanwhile.
          Effect.catchTag("ServerSetNotFound", () => Effect.succeed([]))
        )
      : []
    const agent = isOther
      ? yield* Scope.provide(
          makeAgent(agentName, {
            options,
            approval: approvals.agent(agentName),
            model,
            orchestrator: now.agent.orchestrator,
            builtIns: agentBuiltIns(entry, builtIns.toolbox),
            kept: stores,
            rules
          }),
          now.scope
        )
      : now.agent
    if (running.get(agentName) === now) running.set(agentName, { ...now, agent, entry, servers })
    return kept
  })
  return { problems, isChanged: hasOtherServers || !Equal.equals(now.entry, entry), apply }
})
