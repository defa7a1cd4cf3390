import { type ServerInfo, serverInfoJson } from "@signalbox/orchestrator"
import { Host, type HostOptions, shownName } from "@signalbox/host"
import { DateTime, Deferred, Effect, Exit, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { announceStart } from "../chat/announceStart.ts"
import { Output } from "../Output.ts"
import { noServers, renderServers } from "../render/renderServers.ts"
import { isInSet, nameInSet } from "../render/nameInSet.ts"
import { renderSharedNames } from "../render/sharedNames.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { shortfallOf } from "../shortfall.ts"
import { readConfig, type RunningHost, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

/**
 * Every server as it was when its first start had ended. One that fails is tried again at once, and would be shown
 * in the middle of that, without the reason.
 */
const firstStates = Effect.fnUntraced(function* ({ orchestrator }: RunningHost) {
  const total = (yield* orchestrator.servers).length
  const first = new Map<string, ServerInfo>()
  const complete = yield* Deferred.make<void>()
  const note = (info: ServerInfo) => {
    if ((info.state === "running" || info.state === "error") && !first.has(info.name)) first.set(info.name, info)
    if (first.size === total) Deferred.doneUnsafe(complete, Exit.void)
  }
  yield* orchestrator.changes.pipe(
    Stream.runForEach((event) => Effect.sync(() => (event._tag === "StateChanged" ? note(event.info) : undefined))),
    Effect.forkScoped({ startImmediately: true })
  )
  // Those that were quicker than the subscription.
  for (const info of yield* orchestrator.servers) note(info)
  if (total > 0) yield* Deferred.await(complete)
  return (yield* orchestrator.servers).map((info) => first.get(info.name) ?? info)
}, Effect.scoped)

/** Servers that are wanted by name; all when none is named. */
type Names = ReadonlyArray<string>

/** Those that are named, each once, as they are when their start has ended. */
const namedStates = ({ orchestrator }: RunningHost, names: Names) =>
  Effect.forEach(
    new Set(names),
    (name) =>
      Effect.andThen(
        orchestrator.server(name),
        // Why it did not start is part of what is shown.
        Effect.andThen(Effect.ignore(orchestrator.ensureStarted(name)), orchestrator.server(name))
      ),
    { concurrency: "unbounded" }
  )

/** Starts servers for a look at them. */
const startedAnew = (names: Names) =>
  withHost({ startsAll: names.length === 0, needsNoModel: true })(
    Effect.gen(function* () {
      const host = yield* Host
      if ((yield* Setting).isTerminal.stderr) yield* announceStart(host)
      const { options } = host.config
      const servers = yield* names.length === 0 ? firstStates(host) : namedStates(host, names)
      const metrics = yield* host.orchestrator.metrics.snapshot
      const now = yield* DateTime.now
      const json = servers.map((info) => ({
        ...serverInfoJson(info, now),
        metrics: metrics.servers[info.name] ?? null,
        seen: "started_for_a_look" as const
      }))
      return { servers, options, json, wanted: servers }
    })
  )

/** What the host that runs says; nothing where there is none. */
const asked = Effect.fnUntraced(function* (names: Names) {
  const { findRunning, tellHost } = yield* Effect.promise(() => import("../control/runningHost.ts"))
  const found = yield* findRunning
  if (found === undefined) return undefined
  const { serverInfoOf } = yield* Effect.promise(() => import("../control/serverInfo.ts"))
  yield* tellHost(found.record)
  const json =
    names.length === 0
      ? (yield* found.ask((client) => client.servers.status())).servers
      : yield* Effect.forEach(new Set(names), (name) => found.ask((client) => client.servers.get({ params: { name } })))
  const servers = json.map((told) => ({ ...serverInfoOf(told), name: nameInSet(told.set, told.name) }))
  const seen = json.map((server) => ({ ...server, seen: "running_host" as const }))
  // The file may be wrong by now, which is no reason not to say how they are.
  const options = Option.getOrElse(yield* Effect.option(readConfig()), () => undefined)?.options
  // What was stopped on purpose, or not started, is not missing.
  return { servers, options, json: seen, wanted: servers.filter(({ state }) => state !== "stopped") }
}, Effect.scoped)

/** Their tools by the names that the configuration gives. Those of agents are no tools of the host. */
const asShown = (servers: ReadonlyArray<ServerInfo>, options: HostOptions): ReadonlyArray<ServerInfo> =>
  servers
    .filter(({ name }) => !isInSet(name))
    .map((info) => ({ ...info, tools: info.tools.map((tool) => shownName(options.servers[info.name], tool)) }))

const nothingRuns = "Nothing runs this configuration."
const lookedAt = "The servers were started for a look and are stopped again."

export const serversStatus = Command.make(
  "status",
  {
    names: Argument.String("names").pipe(
      Argument.withDescription("Only these servers; without names all"),
      Argument.variadic()
    ),
    fresh: Flag.Boolean("fresh").pipe(
      Flag.withDescription("Start every server for a look, also where a host runs that could be asked"),
      Flag.withDefault(false)
    )
  },
  ({ fresh, names }) =>
    withSetting(
      Effect.gen(function* () {
        const found = fresh ? undefined : yield* asked(names)
        if (found !== undefined) return found
        const looked = yield* startedAnew(names)
        const { errorStyle, status } = yield* Output
        if (looked.servers.length > 0) yield* status(errorStyle.dim(fresh ? lookedAt : `${nothingRuns} ${lookedAt}`))
        return looked
      }).pipe(
        report({
          render: ({ options, servers }) =>
            Effect.gen(function* () {
              const { line, style, width } = yield* Output
              if (servers.length === 0) return yield* line(noServers)
              const shared =
                options === undefined
                  ? undefined
                  : renderSharedNames(asShown(servers, options), options.runtime.naming, style, width)
              const table = renderServers(servers, yield* DateTime.now, style, width)
              yield* line([table, ...(shared === undefined ? [] : [shared])].join("\n"))
            }),
          json: ({ json }) => json,
          shortfall: ({ wanted }) => shortfallOf(wanted)
        })
      )
    )
).pipe(
  Command.withDescription("How every server is: as the running host sees it, else by starting each one for a look"),
  Command.withExamples([
    { command: "signalbox servers status files", description: "One server; no other is started" },
    { command: "signalbox servers status --json", description: "All that is known, for scripts" }
  ])
)
