import { type AgentInfoJson, agentInfoJson, agentServerNames, agentServers } from "@signalbox/host"
import { DateTime, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { noAgents, renderAgents } from "../render/renderAgents.ts"
import { counted } from "../render/style.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { readConfig } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

const loadStatus = Effect.promise(() => import("../agents/agentsStatus.ts"))
const loadRemote = Effect.promise(() => import("../agents/onAgents.ts"))

const show = (agents: ReadonlyArray<AgentInfoJson>) =>
  Effect.flatMap(Output, ({ columns, line, style }) =>
    line(agents.length === 0 ? noAgents : renderAgents(agents, style, columns))
  )

/** As the configuration has them. */
const configured = Effect.gen(function* () {
  const { options } = yield* readConfig()
  const now = yield* DateTime.now
  return Object.entries(options.agents).map(([name, entry]) =>
    agentInfoJson(
      {
        name,
        description: entry.description ?? "",
        isEnabled: entry.enabled,
        servers: agentServerNames(entry),
        status: undefined
      },
      now
    )
  )
})

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.gen(function* () {
      const { askedAgents } = yield* loadStatus
      return (yield* askedAgents(Option.none())) ?? (yield* configured)
    }).pipe(report({ render: show }))
  )
).pipe(
  Command.withDescription("The agents of the configuration, and which run in the running host; nothing is started")
)

const nameArgument = Argument.String("name").pipe(Argument.withDescription("As in signalbox agents list"))

const status = Command.make(
  "status",
  {
    name: nameArgument.pipe(Argument.optional),
    fresh: Flag.Boolean("fresh").pipe(
      Flag.withDescription("Start them for a look, also where a host runs that could be asked"),
      Flag.withDefault(false)
    )
  },
  ({ fresh, name }) => withSetting(Effect.flatMap(loadStatus, ({ agentsStatus }) => agentsStatus(name, fresh)))
).pipe(
  Command.withDescription("How agents are: as the running host sees them, else by starting each one for a look"),
  Command.withExamples([{ command: "signalbox agents status planner", description: "One of them" }])
)

const check = Command.make("check", {}, () =>
  withSetting(
    Effect.gen(function* () {
      const { environment } = yield* Setting
      const config = yield* readConfig()
      const enabled = Object.entries(config.options.agents).filter(([, { enabled }]) => enabled)
      const needed = yield* Effect.forEach(enabled, ([name, entry]) => agentServers(config, environment, name, entry))
      const problems = needed.flatMap((agent) => agent.problems)
      if (problems.length > 0) return yield* config.invalid(problems)
      return { agents: enabled.map(([name]) => name) }
    }).pipe(
      report({
        render: ({ agents }) =>
          Effect.flatMap(Output, ({ line, style }) => {
            const names = agents.length === 0 ? "" : `: ${agents.join(", ")}`
            return line(`${style.green("✓")} ${counted(agents.length, "agent")} enabled, and sound${names}`)
          })
      })
    )
  )
).pipe(
  Command.withDescription(
    "Check the agents: their servers, tools and the variables of their secrets; nothing is started"
  )
)

const add = Command.make("add", { name: nameArgument }, ({ name }) =>
  withSetting(Effect.flatMap(loadRemote, ({ changeAgent }) => changeAgent("add", name)))
).pipe(Command.withDescription("Start an agent in the running host"))

const remove = Command.make("remove", { name: nameArgument }, ({ name }) =>
  withSetting(Effect.flatMap(loadRemote, ({ changeAgent }) => changeAgent("remove", name)))
).pipe(Command.withDescription("End an agent in the running host, once its calls are answered"))

const reconnect = Command.make(
  "reconnect",
  {
    name: nameArgument.pipe(Argument.optional),
    server: Flag.String("server").pipe(Flag.withDescription("Only this server of it"), Flag.optional),
    all: Flag.Boolean("all").pipe(Flag.withDescription("All agents that run"), Flag.withDefault(false))
  },
  (scope) => withSetting(Effect.flatMap(loadRemote, ({ reconnectAgents }) => reconnectAgents(scope)))
).pipe(
  Command.withDescription("Connect the servers of agents in the running host anew, without disturbing a call"),
  Command.withExamples([
    { command: "signalbox agents reconnect planner --server files", description: "One server of one agent" },
    { command: "signalbox agents reconnect --all", description: "Everything that agents have" }
  ])
)

export const agents = Command.make("agents").pipe(
  Command.withDescription("The agents: each with servers, secrets and a model of its own"),
  Command.withSubcommands([list, status, check, add, remove, reconnect])
)
