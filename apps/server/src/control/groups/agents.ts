/**
 * The agents: how they are, starting and removing them, and connecting their servers anew.
 */
import { toOutcome } from "@signalbox/errors"
import { type AgentInfo, AgentInfoJson, agentInfoJson, Host } from "@signalbox/host"
import { type ReconnectExits, serverInfoJson } from "@signalbox/orchestrator"
import { DateTime, Effect, Schema } from "effect"
import { HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { answered, apiFailures } from "../ApiFailure.ts"
import { apiOf, prefix, WellFormed } from "../controlGroup.ts"
import { outcomesOf, ServerOutcomes } from "./servers.ts"

/** How it went with the servers of each agent. */
const AgentOutcomes = Schema.Record(Schema.String, ServerOutcomes)

const params = { name: Schema.String }
const error = apiFailures
/** Which server of an agent, or of each that has it: all where none is named. */
const payload = Schema.Struct({ server: Schema.optionalKey(Schema.String) })

/** The routes of the agents. */
export class AgentsGroup extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/agents", { success: Schema.Array(AgentInfoJson), error }),
    HttpApiEndpoint.get("get", "/agents/:name", { params, success: AgentInfoJson, error }),
    HttpApiEndpoint.post("add", "/agents/:name/add", { params, success: AgentInfoJson, error }),
    HttpApiEndpoint.post("remove", "/agents/:name/remove", { params, success: AgentInfoJson, error }),
    HttpApiEndpoint.post("reconnect", "/agents/:name/reconnect", { params, payload, success: AgentOutcomes, error }),
    HttpApiEndpoint.post("reconnectAll", "/agents/reconnect", { payload, success: AgentOutcomes, error })
  )
  .middleware(WellFormed)
  .prefix(prefix) {}

interface Named {
  readonly params: { readonly name: string }
}

const printed = (info: AgentInfo) => Effect.map(DateTime.now, (now) => agentInfoJson(info, now))

const agents = Effect.map(Host, (host) => host.agents)

const one = (name: string) => Effect.flatMap(agents, (all) => Effect.flatMap(all.get(name), printed))

const printedExits = Effect.fnUntraced(function* (all: ReconnectExits) {
  const now = yield* DateTime.now
  const entries = yield* Effect.forEach(all, ([agent, exits]) =>
    Effect.map(
      Effect.forEach(exits.values(), (exit) => toOutcome(Effect.map(exit, (info) => serverInfoJson(info, now)))),
      (outcomes) => [agent, outcomesOf([...exits.keys()], outcomes)] as const
    )
  )
  return Object.fromEntries(entries)
})

const reconnect = (scope: { readonly agent?: string; readonly server?: string }) =>
  answered(Effect.flatMap(agents, (all) => Effect.flatMap(all.reconnect(scope), printedExits)))

/** What the routes do. */
export const agentsRoutes = HttpApiBuilder.group(apiOf(AgentsGroup), "agents", (handlers) =>
  handlers
    .handle("list", () =>
      answered(Effect.flatMap(agents, ({ list }) => Effect.flatMap(list, (all) => Effect.forEach(all, printed))))
    )
    .handle("get", ({ params }: Named) => answered(one(params.name)))
    .handle("add", ({ params: { name } }: Named) =>
      // With those servers that come soon after the first one.
      answered(
        Effect.flatMap(agents, ({ add }) =>
          Effect.andThen(
            Effect.flatMap(add(name), ({ usable }) => usable),
            one(name)
          )
        )
      )
    )
    .handle("remove", ({ params: { name } }: Named) =>
      answered(Effect.flatMap(agents, ({ remove }) => Effect.andThen(remove(name), one(name))))
    )
    .handle("reconnect", ({ params, payload }) => reconnect({ agent: params.name, ...payload }))
    .handle("reconnectAll", ({ payload }) => reconnect(payload))
)
