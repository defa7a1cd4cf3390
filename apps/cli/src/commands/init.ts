import { ConfigExists, configTemplate, presets } from "@signalbox/host"
import { Effect, FileSystem, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { withSetting } from "../withSetting.ts"

export const init = Command.make(
  "init",
  {
    format: Flag.Literals("format", ["yaml", "json"]).pipe(
      Flag.withDescription("yaml has comments, json has none"),
      Flag.withDefault("yaml")
    ),
    force: Flag.Boolean("force").pipe(Flag.withDescription("Overwrite a file that is there"), Flag.withDefault(false))
  },
  ({ force, format }) =>
    withSetting(
      Effect.gen(function* () {
        const { configFile, directory } = yield* Setting
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const file = Option.getOrElse(configFile, () => `signalbox.${format}`)
        const target = path.resolve(directory, file)
        const isJson = format === "json" || file.endsWith(".json")
        const isThere = yield* fs.exists(target)
        if (isThere && !force) return yield* new ConfigExists({ file })
        yield* fs.writeFileString(
          target,
          isJson ? `${JSON.stringify(presets.get("preset:default@1")?.values, null, 2)}\n` : configTemplate
        )
        return { file, replaced: isThere }
      }).pipe(
        report({
          render: ({ file, replaced }) =>
            Effect.gen(function* () {
              const output = yield* Output
              yield* output.line(
                `Wrote ${file}${replaced ? ", in the place of what was there" : ""}. Add your servers under "servers", or take those you have:`
              )
              yield* output.line("  signalbox servers import")
              yield* output.line("Then: signalbox config check")
            })
        })
      )
    )
).pipe(Command.withDescription("Write a complete configuration file, with a comment for every key"))
