import { serverInfoJson, type ServerInfo } from "@signalbox/orchestrator"
import { Host } from "@signalbox/host"
import { DateTime, Effect } from "effect"
import { Command } from "effect/cli"
import { announceStart } from "../chat/announceStart.ts"
import { AllServersDown, SomeServersDown } from "../errors.ts"
import { Output } from "../Output.ts"
import { renderServers } from "../render/renderServers.ts"
import { renderSharedNames } from "../render/sharedNames.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readConfig, withHost } from "../withHost.ts"
import { Setting } from "../Setting.ts"
import { withSetting } from "../withSetting.ts"

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
                ? 'No servers are configured. Add some under "servers", or: signalbox config import .mcp.json --write'
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

const shortfallOf = (servers: ReadonlyArray<ServerInfo>) => {
  const serverNames = servers.filter(({ state }) => state !== "running").map(({ name }) => name)
  const total = servers.length
  if (serverNames.length === 0) return undefined
  return serverNames.length < total
    ? new SomeServersDown({ serverNames, total })
    : new AllServersDown({ serverNames, total })
}

const status = Command.make("status", {}, () =>
  withSetting(
    withHost({ startsAll: true, needsNoModel: true })(
      Effect.gen(function* () {
        const host = yield* Host
        const { orchestrator } = host
        if ((yield* Setting).isTerminal.stderr) yield* announceStart(host)
        yield* orchestrator.settled
        const { naming } = host.config.options.runtime
        return { servers: yield* orchestrator.servers, naming, now: yield* DateTime.now }
      })
    ).pipe(
      report({
        render: ({ naming, servers }) =>
          Effect.flatMap(Output, ({ line, style, width }) => {
            const shared = renderSharedNames(servers, naming, style, width)
            return line([renderServers(servers, style, width), ...(shared === undefined ? [] : [shared])].join("\n"))
          }),
        json: ({ now, servers }) => servers.map((info) => serverInfoJson(info, now)),
        shortfall: ({ servers }) => shortfallOf(servers)
      })
    )
  )
).pipe(Command.withDescription("Start every server, say how it is, and stop it again"))

export const servers = Command.make("servers").pipe(
  Command.withDescription("The MCP servers"),
  Command.withSubcommands([list, status])
)
