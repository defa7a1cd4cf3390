/**
 * Whether a configuration is sound, told with its file; `config check` and `serve --check` do the same.
 */
import { type ConfigSource, checkReferences } from "@signalbox/host"
import { Effect, Path } from "effect"
import { Output } from "./Output.ts"
import { placeFindings } from "./doctor/placeFindings.ts"
import { counted, printable } from "./render/style.ts"
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
    const { crossChecks } = yield* Effect.promise(() => import("@signalbox/host/doctor"))
    const warnings = placeFindings(crossChecks(Object.entries(config.options.servers)), config)
    return { file, servers: servers.map(({ server }) => server.name), warnings }
  }).pipe(
    report({
      json: ({ warnings, ...found }) => ({
        ...found,
        warnings: warnings.map(({ code, line, message, path, serverName }) => ({
          code,
          server: serverName,
          path: path.map(String).join("."),
          line,
          message
        }))
      }),
      render: ({ file, servers, warnings }) =>
        Effect.gen(function* () {
          const { errorStyle, line, status, style } = yield* Output
          for (const { code, file, fix, line, message } of warnings)
            yield* status(
              `${errorStyle.yellow("!")} ${file}:${line} ${printable(message)} ${printable(fix)} ${errorStyle.dim(`[${code}]`)}`
            )
          yield* line(
            `${style.green("✓")} ${file} is sound; ${counted(servers.length, "server")} enabled${servers.length > 0 ? `: ${servers.join(", ")}` : ""}`
          )
        })
    })
  )
