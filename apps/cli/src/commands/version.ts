import { Effect } from "effect"
import { Command } from "effect/cli"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { version } from "../version.ts"
import { withSetting } from "../withSetting.ts"

export const versionCommand = Command.make("version", {}, () =>
  withSetting(
    Effect.sync(() => ({ version, node: process.version, platform: `${process.platform} ${process.arch}` })).pipe(
      report({
        render: (value) =>
          Effect.flatMap(Output, (output) =>
            output.line(`signalbox ${value.version} on Node ${value.node}, ${value.platform}`)
          )
      })
    )
  )
).pipe(Command.withDescription("The version of signalbox and of what it runs on"))
