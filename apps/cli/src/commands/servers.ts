import { shownTarget } from "@signalbox/host"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { Output } from "../Output.ts"
import { noServers } from "../render/renderServers.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readConfig } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"
import { serversAdd } from "./serversAdd.ts"
import { serversImport } from "./serversImport.ts"
import { serversLogin } from "./serversLogin.ts"
import { serversLogout } from "./serversLogout.ts"
import { serversLogs } from "./serversLogs.ts"
import { serversRemove } from "./serversRemove.ts"
import { serversReconnect, serversRestart } from "./serversRestart.ts"
import { serversStart } from "./serversStart.ts"
import { serversStatus } from "./serversStatus.ts"
import { serversStop } from "./serversStop.ts"
import { serversTypes } from "./serversTypes.ts"

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.gen(function* () {
      const { options } = yield* readConfig()
      return Object.entries(options.servers).map(([name, entry]) => ({
        name,
        enabled: entry.enabled,
        transport: entry.transport,
        target: shownTarget(entry),
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

export const servers = Command.make("servers").pipe(
  Command.withDescription("The MCP servers"),
  Command.withSubcommands([
    list,
    serversStatus,
    serversStart,
    serversStop,
    serversRestart,
    serversReconnect,
    serversLogs,
    serversLogin,
    serversLogout,
    serversTypes,
    serversAdd,
    serversRemove,
    serversImport
  ])
)
