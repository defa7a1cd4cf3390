/**
 * How agents are: as the running host says, else by starting them for a look.
 */
import { type SignalboxError, toJson } from "@signalbox/errors"
import { type AgentInfoJson, agentInfoJson, Host } from "@signalbox/host"
import { Cause, DateTime, Effect, Exit, Option } from "effect"
import { AllAgentsDown, SomeAgentsDown } from "../errors.ts"
import { Output, renderError } from "../Output.ts"
import { noAgents, renderAgents, renderTroubles } from "../render/renderAgents.ts"
import { report } from "../report.ts"
import { withHost } from "../withHost.ts"

/** An agent, and why it cannot be used. */
interface Looked {
  readonly agent: AgentInfoJson
  readonly failure: SignalboxError | undefined
}

/** What the host that runs says of all or one; nothing where there is none. */
export const askedAgents = Effect.fnUntraced(function* (name: Option.Option<string>) {
  const { findRunning, tellHost } = yield* Effect.promise(() => import("../control/runningHost.ts"))
  const found = yield* findRunning
  if (found === undefined) return undefined
  yield* tellHost(found.record)
  if (Option.isNone(name)) return yield* found.ask(({ agents }) => agents.list())
  return [yield* found.ask(({ agents }) => agents.get({ params: { name: name.value } }))]
}, Effect.scoped)

/** Starts those that are enabled, or one, for a look at them. */
const startedAnew = (name: Option.Option<string>) =>
  withHost({ startsAll: false, needsNoModel: true })(
    Effect.gen(function* () {
      const { agents } = yield* Host
      const all = yield* agents.list
      if (Option.isSome(name)) yield* agents.get(name.value)
      const wanted = all.filter((info) => (Option.isSome(name) ? info.name === name.value : info.isEnabled))
      return yield* Effect.forEach(
        wanted,
        Effect.fnUntraced(function* (info) {
          const exit = yield* Effect.exit(agents.add(info.name))
          // Each server has had its first attempt by now, or has it after this.
          if (Exit.isSuccess(exit)) yield* exit.value.orchestrator.settled
          const agent = agentInfoJson(yield* agents.get(info.name), yield* DateTime.now)
          // An error of ours or a defect: both are told.
          const failure = Exit.isFailure(exit) ? (Cause.squash(exit.cause) as SignalboxError) : undefined
          return { agent, failure } satisfies Looked
        }),
        { concurrency: "unbounded" }
      )
    })
  )

const shortfall = (looked: ReadonlyArray<Looked>) => {
  const wanted = looked.filter(({ agent, failure }) => failure !== undefined || agent.state !== "stopped")
  const down = wanted.filter(({ agent }) => agent.state !== "connected")
  if (down.length === 0) return undefined
  const failed = { agentNames: down.map(({ agent }) => agent.name), total: wanted.length }
  const isAll = wanted.every(({ agent }) => agent.connected_servers === 0)
  return isAll ? new AllAgentsDown(failed) : new SomeAgentsDown(failed)
}

/** `agents status`. */
export const agentsStatus = (name: Option.Option<string>, fresh: boolean) =>
  Effect.gen(function* () {
    const asked = fresh ? undefined : yield* askedAgents(name)
    if (asked === undefined) return yield* startedAnew(name)
    return asked.map((agent): Looked => ({ agent, failure: undefined }))
  }).pipe(
    report({
      render: (looked) =>
        Effect.gen(function* () {
          const { columns, errorStyle, line, status, style } = yield* Output
          const agents = looked.map(({ agent }) => agent)
          yield* line(agents.length === 0 ? noAgents : renderAgents(agents, style, columns))
          for (const { agent, failure } of looked) {
            for (const trouble of renderTroubles(agent, style)) yield* line(trouble)
            if (failure !== undefined)
              yield* status(`${errorStyle.bold(agent.name)}: ${renderError(failure, errorStyle)}`)
          }
        }),
      json: (looked) =>
        looked.map(({ agent, failure }) => ({ ...agent, error: failure === undefined ? null : toJson(failure) })),
      shortfall
    })
  )
