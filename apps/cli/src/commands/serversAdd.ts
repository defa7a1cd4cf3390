import { editConfig, isServerName } from "@signalbox/host"
// Not as `{ type … }`: what is left of that import would load the importers at every start.
import type { ImportedServer } from "@signalbox/host/import"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { InvalidUsage, ServerExists } from "../errors.ts"
import { Output } from "../Output.ts"
import { tellVariables } from "../render/tellVariables.ts"
import { report } from "../report.ts"
import { configSource } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

interface Wanted {
  readonly words: ReadonlyArray<string>
  readonly url: Option.Option<string>
  readonly transport: "http" | "sse"
  readonly env: Readonly<Record<string, string>>
  readonly header: Readonly<Record<string, string>>
  readonly cwd: Option.Option<string>
}

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox servers add", reason })

/** The entry that the words and flags describe. */
const entryOf = ({ cwd, env, header, transport, url, words: [command, ...args] }: Wanted) => {
  if (Option.isSome(url)) {
    return command === undefined
      ? Effect.succeed<ImportedServer>({ enabled: true, transport, url: url.value, headers: header })
      : Effect.fail(invalid("Give a command or a --url, not both."))
  }
  if (command === undefined) return Effect.fail(invalid("Give a command after --, or a --url."))
  const place = Option.match(cwd, { onNone: () => ({}), onSome: (folder) => ({ cwd: folder }) })
  return Effect.succeed<ImportedServer>({ enabled: true, transport: "stdio", command, args, env, ...place })
}

/** The same without its secrets, unless they are to be kept. */
const withReferences = Effect.fnUntraced(function* (name: string, entry: ImportedServer, keepSecrets: boolean) {
  if (keepSecrets) return { entry, variables: [] }
  const { withoutSecrets } = yield* Effect.promise(() => import("@signalbox/host/import"))
  const { servers, variables } = withoutSecrets({ [name]: entry })
  return { entry: servers[name] ?? entry, variables }
})

const pairs = (name: string, description: string) =>
  Flag.KeyValuePair(name).pipe(Flag.withDescription(description), Flag.withDefault<Record<string, string>>({}))

export const serversAdd = Command.make(
  "add",
  {
    name: Argument.String("name").pipe(Argument.withDescription("1 to 32 letters, digits, - or _")),
    words: Argument.String("command").pipe(
      Argument.withDescription("The command that starts it, with its arguments, after --"),
      Argument.variadic()
    ),
    url: Flag.String("url").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription("Of a remote server, instead of a command"),
      Flag.optional
    ),
    transport: Flag.Literals("transport", ["http", "sse"]).pipe(
      Flag.withDescription("Of a remote server; http finds older servers, too"),
      Flag.withDefault("http" as const)
    ),
    env: pairs("env", "A variable for the command: NAME=VALUE; again for more"),
    header: pairs("header", "A header for the URL: NAME=VALUE; again for more"),
    cwd: Flag.String("cwd").pipe(
      Flag.withDescription("Where the command runs, from the folder of the configuration"),
      Flag.optional
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Replace a server that has the name"),
      Flag.withDefault(false)
    ),
    keepSecrets: Flag.Boolean("keep-secrets").pipe(
      Flag.withDescription("Write secrets into the file, instead of naming variables to read them from"),
      Flag.withDefault(false)
    )
  },
  ({ force, keepSecrets, name, ...wanted }) =>
    withSetting(
      Effect.gen(function* () {
        if (!isServerName(name))
          return yield* invalid(`"${name}" is no name for a server: expected 1 to 32 letters, digits, - or _.`)
        const { entry, variables } = yield* withReferences(name, yield* entryOf(wanted), keepSecrets)
        const edited = yield* editConfig(yield* configSource(), ({ file, servers }) =>
          Object.hasOwn(servers, name) && !force
            ? Effect.fail(new ServerExists({ serverName: name, file }))
            : Effect.succeed({
                changes: [{ path: ["servers", name], value: entry }],
                value: Object.hasOwn(servers, name)
              })
        )
        return { file: edited.file, name, replaced: edited.value, entry, variables }
      }).pipe(
        report({
          render: ({ file, name, replaced, variables }) =>
            Effect.gen(function* () {
              const { line, style } = yield* Output
              yield* line(`${style.green("✓")} ${name} ${replaced ? "replaced in" : "added to"} ${file}`)
              yield* tellVariables(variables)
              yield* line(style.dim(`See how it does: signalbox doctor ${name}`))
            })
        })
      )
    )
).pipe(
  Command.withDescription("Add a server to the configuration file"),
  Command.withExamples([
    {
      command: "signalbox servers add files -- npx -y @modelcontextprotocol/server-filesystem .",
      description: "A local server"
    },
    { command: "signalbox servers add search --url https://mcp.example.com/mcp", description: "A remote one" },
    { command: "signalbox servers add db --env PGHOST=localhost -- uvx db-server", description: "With a variable" }
  ])
)
