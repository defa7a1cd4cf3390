import { editConfig } from "@signalbox/host"
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { configSource } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

export const serversRemove = Command.make(
  "remove",
  { name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")) },
  ({ name }) =>
    withSetting(
      Effect.gen(function* () {
        const { file } = yield* editConfig(yield* configSource(), ({ servers }) => {
          const available = Object.keys(servers)
          return available.includes(name)
            ? Effect.succeed({ changes: [{ path: ["servers", name], value: undefined }], value: undefined })
            : Effect.fail(new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available }))
        })
        return { file, name }
      }).pipe(
        report({
          render: ({ file, name }) =>
            Effect.flatMap(Output, ({ line, style }) => line(`${style.green("✓")} ${name} removed from ${file}`))
        })
      )
    )
).pipe(
  Command.withDescription("Remove a server from the configuration file"),
  Command.withExamples([{ command: "signalbox servers remove files", description: "Its comments go with it" }])
)
