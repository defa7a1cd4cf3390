/**
 * Commands that change the agents of a running host.
 */
import { Effect, Option } from "effect"
import { renderOutcomes } from "../control/outcomes.ts"
import { running } from "../control/runningHost.ts"
import { InvalidUsage, SomeAgentsDown } from "../errors.ts"
import { Output } from "../Output.ts"
import { counted } from "../render/style.ts"
import { report } from "../report.ts"

/** Starts or ends one. */
export const changeAgent = (verb: "add" | "remove", name: string) =>
  Effect.gen(function* () {
    const { ask } = yield* running
    const params = { name }
    return yield* ask(({ agents }) => (verb === "add" ? agents.add({ params }) : agents.remove({ params })))
  }).pipe(
    Effect.scoped,
    report({
      render: ({ connected_servers, name, total_servers, total_tools }) =>
        Effect.flatMap(Output, ({ line, style }) => {
          const what = `${connected_servers}/${counted(total_servers, "server")}, ${counted(total_tools, "tool")}`
          return line(`${style.green("✓")} ${style.bold(name)} ${verb === "add" ? `runs: ${what}` : "has ended"}`)
        })
    })
  )

/** Which agents, and which of their servers. */
interface Scope {
  readonly name: Option.Option<string>
  readonly server: Option.Option<string>
  readonly all: boolean
}

/** Connects servers of agents anew. */
export const reconnectAgents = ({ all, name, server }: Scope) =>
  Effect.gen(function* () {
    if (all === Option.isSome(name)) {
      const reason = all ? "Name an agent or say --all, not both." : "Name an agent, or say --all."
      return yield* new InvalidUsage({ command: "signalbox agents reconnect", reason })
    }
    const { ask } = yield* running
    const payload = Option.isSome(server) ? { server: server.value } : {}
    return yield* ask(({ agents }) =>
      Option.isSome(name)
        ? agents.reconnect({ params: { name: name.value }, payload })
        : agents.reconnectAll({ payload })
    )
  }).pipe(
    Effect.scoped,
    report({
      render: (agents) =>
        Effect.forEach(
          Object.entries(agents),
          ([agent, outcomes]) =>
            Effect.gen(function* () {
              const { line, style } = yield* Output
              yield* line(style.dim(`${agent}:`))
              yield* renderOutcomes(outcomes)
            }),
          { discard: true }
        ),
      shortfall: (agents) => {
        const failed = Object.entries(agents).filter(([, { succeeded, total }]) => succeeded < total)
        if (failed.length === 0) return undefined
        return new SomeAgentsDown({ agentNames: failed.map(([agent]) => agent), total: Object.keys(agents).length })
      }
    })
  )
