import { serverInfoJson, type ServerInfo } from "@signalbox/orchestrator"
import { Host } from "@signalbox/host"
import { DateTime, Deferred, Effect, Exit, Stream } from "effect"
import { Command } from "effect/cli"
import { announceStart } from "../chat/announceStart.ts"
import { Output } from "../Output.ts"
import { renderServers } from "../render/renderServers.ts"
import { renderSharedNames } from "../render/sharedNames.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readConfig, type RunningHost, withHost } from "../withHost.ts"
import { Setting } from "../Setting.ts"
import { shortfallOf } from "../shortfall.ts"
import { withSetting } from "../withSetting.ts"
import { serversAdd } from "./serversAdd.ts"
import { serversImport } from "./serversImport.ts"
import { serversLogs } from "./serversLogs.ts"
import { serversRemove } from "./serversRemove.ts"

const noServers = "No servers are configured. Add those that other programs here have: signalbox servers import"

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.gen(function* () {
      const { options } = yield* readConfig()
      return Object.entries(options.servers).map(([name, entry]) => ({
        name,
        enabled: entry.enabled,
        transport: entry.transport,
        target: entry.transport === "stdio" ? [entry.command, ...entry.args].join(" ") : entry.url,
        description: entry.description ?? ""
      }))
    }).pipe(
      report({
        render: (servers) =>
          Effect.flatMap(Output, ({ columns, line, style }) =>
            line(
              servers.length === 0
                ? noServers
                : renderTable(
                    servers.map(({ description, enabled, name, target, transport }) => [
                      style.bold(name),
                      enabled ? style.green("enabled") : style.dim("disabled"),
                      transport,
                      description === "" ? target : description
                    ]),
                    { columns, paint: style.dim }
                  )
            )
          )
      })
    )
  )
).pipe(Command.withDescription("The servers of the configuration; nothing is started"))

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

const status = Command.make("status", {}, () =>
  withSetting(
    withHost({ startsAll: true, needsNoModel: true })(
      Effect.gen(function* () {
        const host = yield* Host
        if ((yield* Setting).isTerminal.stderr) yield* announceStart(host)
        const { naming } = host.config.options.runtime
        const servers = yield* firstStates(host)
        const metrics = yield* host.orchestrator.metrics.snapshot
        return { servers, naming, metrics, now: yield* DateTime.now }
      })
    ).pipe(
      report({
        render: ({ naming, servers }) =>
          Effect.flatMap(Output, ({ line, style, width }) => {
            if (servers.length === 0) return line(noServers)
            const shared = renderSharedNames(servers, naming, style, width)
            return line([renderServers(servers, style, width), ...(shared === undefined ? [] : [shared])].join("\n"))
          }),
        json: ({ metrics, now, servers }) =>
          servers.map((info) => ({ ...serverInfoJson(info, now), metrics: metrics.servers[info.name] ?? null })),
        shortfall: ({ servers }) => shortfallOf(servers)
      })
    )
  )
).pipe(Command.withDescription("Start every server, say how it is, and stop it again"))

export const servers = Command.make("servers").pipe(
  Command.withDescription("The MCP servers"),
  Command.withSubcommands([list, status, serversLogs, serversAdd, serversRemove, serversImport])
)
