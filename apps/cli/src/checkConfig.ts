/**
 * Whether a configuration is sound, told with its file; `config check` and `serve --check` do the same.
 */
import { type ConfigSource, checkReferences } from "@signalbox/host"
import { Effect, Path } from "effect"
import { Output } from "./Output.ts"
import { counted } from "./render/style.ts"
import { report } from "./report.ts"
import { Setting } from "./Setting.ts"
import { readConfig } from "./withHost.ts"

/** Reads everything and starts nothing. */
export const checkConfig = (flags: ConfigSource["flags"] = []) =>
  Effect.gen(function* () {
    const { directory, environment } = yield* Setting
    const path = yield* Path.Path
    const config = yield* readConfig(flags)
    const servers = yield* checkReferences(config, environment)
    const file = config.file === undefined ? null : path.relative(directory, config.file) || config.file
    return { file, servers: servers.map(({ server }) => server.name) }
  }).pipe(
    report({
      render: ({ file, servers }) =>
        Effect.flatMap(Output, ({ line, style }) =>
          line(
            `${style.green("✓")} ${file} is sound; ${counted(servers.length, "server")} enabled${servers.length > 0 ? `: ${servers.join(", ")}` : ""}`
          )
        )
    })
  )
