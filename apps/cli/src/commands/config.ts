import { fileTrouble } from "@signalbox/errors"
import { type ConfigOrigin, configVariables, ImportFailed, ImportInvalid, variableOf, writeYaml } from "@signalbox/host"
import { nearestName } from "@signalbox/model"
import { Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { checkConfig } from "../checkConfig.ts"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { tellVariables } from "../render/tellVariables.ts"
import { counted, oneLine } from "../render/style.ts"
import { report } from "../report.ts"
import { addServers } from "../servers/addServers.ts"
import { Setting } from "../Setting.ts"
import { configPreset } from "./configPreset.ts"
import { readConfig } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

const check = Command.make("check", {}, () => withSetting(checkConfig())).pipe(
  Command.withDescription("Check the configuration; every problem is told with its line")
)

const isBelow = (prefix: string) => (origin: ConfigOrigin) =>
  origin.path === prefix || origin.path.startsWith(`${prefix}.`)

const unknownKey = (path: string, origins: ReadonlyArray<ConfigOrigin>) => {
  // Sections count as well as values.
  const known = new Set(
    origins.flatMap(({ path: key }) => {
      const parts = key.split(".")
      return parts.map((_, index) => parts.slice(0, index + 1).join("."))
    })
  )
  const nearest = nearestName(path, known)
  const reason = `There is no key "${path}".${nearest === undefined ? "" : ` Did you mean "${nearest}"?`}`
  return new InvalidUsage({ command: "signalbox config explain", reason })
}

const explain = Command.make(
  "explain",
  {
    path: Argument.String("path").pipe(
      Argument.withDescription("Only this key and what is below it"),
      Argument.optional
    )
  },
  ({ path }) =>
    withSetting(
      Effect.gen(function* () {
        const config = yield* readConfig([], "preset")
        const wanted = Option.match(path, { onNone: () => () => true, onSome: isBelow })
        const shown = config.origins.filter(wanted)
        if (shown.length === 0)
          return yield* unknownKey(
            Option.getOrElse(path, () => ""),
            config.origins
          )
        return shown.map((origin) => ({
          ...origin,
          variable: origin.path.startsWith("servers.") ? null : variableOf(origin.path.split("."))
        }))
      }).pipe(
        report({
          render: (origins) =>
            Effect.flatMap(Output, ({ line, style }) =>
              line(
                renderTable(
                  origins.map(({ origin, path: key, value }) => [
                    style.bold(key),
                    oneLine(JSON.stringify(value), 60),
                    style.dim(origin)
                  ])
                )
              )
            )
        })
      )
    )
).pipe(
  Command.withDescription("Each value of the configuration and who set it"),
  Command.withExamples([
    { command: "signalbox config explain conversation", description: "Only the part about conversations" }
  ])
)

const variables = Command.make("variables", {}, () =>
  withSetting(
    Effect.succeed(configVariables).pipe(
      report({
        render: (shown) =>
          Effect.flatMap(Output, ({ line, style }) =>
            line(renderTable(shown.map(({ key, variable }) => [style.bold(variable), key])))
          )
      })
    )
  )
).pipe(
  Command.withAlias("env"),
  Command.withDescription(
    "Every variable that sets a key of the configuration, those of other MCP hosts (MCP_…) too, whose times are in seconds"
  )
)

/** Loaded when it is needed: few commands read files of other programs. */
const loadImporters = Effect.promise(() => import("@signalbox/host/import"))

const readImport = Effect.fnUntraced(function* (
  file: string,
  options: { readonly keepSecrets: boolean; readonly keepGoing: boolean }
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { directory } = yield* Setting
  const { importAgents, importServers, isAgentManifest } = yield* loadImporters
  const text = yield* fs
    .readFileString(path.resolve(directory, file))
    .pipe(Effect.mapError((cause) => new ImportFailed({ file, reason: fileTrouble(cause), isBroken: true, cause })))
  if (isAgentManifest(file, text)) {
    const imported = yield* importAgents(file, text, { directory, keepSecrets: options.keepSecrets })
    return { ...imported, problems: [] }
  }
  const imported = { ...(yield* Effect.fromResult(importServers(file, text, options))), agents: undefined }
  const { problems } = imported
  return problems.length > 0 && !options.keepGoing ? yield* new ImportInvalid({ file, problems }) : imported
})

const importCommand = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "Such as .mcp.json, claude_desktop_config.json, .vscode/mcp.json or a manifest of agents; its format is recognized"
      )
    ),
    write: Flag.Boolean("write").pipe(
      Flag.withDescription("Add the servers to the configuration file"),
      Flag.withDefault(false)
    ),
    keepSecrets: Flag.Boolean("keep-secrets").pipe(
      Flag.withDescription("Take secrets over as they are, instead of naming variables to read them from"),
      Flag.withDefault(false)
    ),
    keepGoing: Flag.Boolean("keep-going").pipe(
      Flag.withDescription("Leave out servers that cannot be used, instead of taking over none"),
      Flag.withDefault(false)
    )
  },
  ({ file, write, ...options }) =>
    withSetting(
      Effect.gen(function* () {
        const imported = yield* readImport(file, options)
        const written = write ? yield* addServers(imported.servers, imported.agents) : undefined
        const taken = new Set(written?.taken)
        const variables = imported.variables.filter(({ server }) => !taken.has(server))
        return { ...imported, variables, written: written ?? null }
      }).pipe(
        report({
          render: ({ agents, notes, problems, servers, variables, written }) =>
            Effect.gen(function* () {
              const output = yield* Output
              for (const { line: at, message } of problems)
                yield* output.status(`${output.errorStyle.yellow("!")} ${file}:${at} ${message}; it was left out.`)
              for (const note of notes) yield* output.status(`${output.errorStyle.yellow("!")} ${note}`)
              yield* tellVariables(variables, agents === undefined ? "servers" : "agents")
              if (written === null)
                return yield* output.write(writeYaml(agents === undefined ? { servers } : { agents, servers }))
              for (const name of written.taken)
                yield* output.status(
                  `${output.errorStyle.yellow("!")} "${name}" is there already and was left as it is.`
                )
              const more = agents === undefined ? "" : ` and ${counted(written.addedAgents.length, "agent")}`
              yield* output.line(
                `${output.style.green("✓")} ${counted(written.added.length, "server")}${more} added to ${written.file}`
              )
            })
        })
      )
    )
).pipe(
  Command.withDescription("Take over servers, or agents, from the file of another program"),
  Command.withExamples([
    { command: "signalbox config import .mcp.json", description: "Show them as they would stand in signalbox.yaml" },
    { command: "signalbox config import .mcp.json --write", description: "Add them to it" }
  ])
)

export const config = Command.make("config").pipe(
  Command.withDescription("Check, explain and import configuration"),
  Command.withSubcommands([check, explain, variables, configPreset, importCommand])
)
