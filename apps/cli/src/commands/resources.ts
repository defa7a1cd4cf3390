import { Host } from "@signalbox/host"
import { localCall } from "@signalbox/model"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { resourceWords, textOf, writeContent } from "../readResource.ts"
import { counted, printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { tellShortfall } from "../render/tellShortfall.ts"
import { report } from "../report.ts"
import { Setting } from "../Setting.ts"
import { shortfallOf } from "../shortfall.ts"
import { among, startListed, startUntilSettled } from "../startServers.ts"
import { withOwnServers } from "../withOwnServers.ts"
import { withSetting } from "../withSetting.ts"

const list = Command.make(
  "list",
  { server: Flag.String("server").pipe(Flag.withDescription("Only the resources of this server"), Flag.optional) },
  ({ server }) =>
    withSetting(
      withOwnServers({ startsAll: Option.isNone(server), only: among(server), needsNoModel: true })(
        Effect.gen(function* () {
          const host = yield* Host
          const servers = yield* startListed(host, server)
          const { list: resources, templates } = host.orchestrator.resources
          return { ...(yield* Effect.all({ resources, templates }, { concurrency: 2 })), servers }
        })
      ).pipe(
        report({
          shortfall: ({ servers }) => shortfallOf(servers),
          render: ({ resources, servers, templates }) =>
            Effect.gen(function* () {
              const { columns, line, style } = yield* Output
              const listed = [
                ...resources.map((resource) => ({ ...resource, shown: style.bold(printable(resource.exposedUri)) })),
                ...templates.map((template) => ({ ...template, shown: printable(template.uriTemplate) }))
              ]
              const rows = listed.map(({ description, mimeType, name, serverName, shown, title }) => [
                shown,
                style.cyan(serverName),
                printable(mimeType ?? ""),
                printable(description ?? title ?? name)
              ])
              yield* line(
                rows.length === 0 ? "There are no resources." : renderTable(rows, { columns, paint: style.dim })
              )
              yield* tellShortfall(servers)
            }),
          json: ({ resources, templates }) => ({
            resources: resources.map((resource) => ({
              uri: resource.exposedUri,
              server: resource.serverName,
              original_uri: resource.uri,
              name: resource.name,
              title: resource.title ?? null,
              description: resource.description ?? null,
              mime_type: resource.mimeType ?? null,
              size_bytes: resource.sizeBytes ?? null
            })),
            templates: templates.map((template) => ({
              uri_template: template.uriTemplate,
              server: template.serverName,
              name: template.name,
              title: template.title ?? null,
              description: template.description ?? null,
              mime_type: template.mimeType ?? null
            }))
          })
        })
      )
    )
).pipe(Command.withDescription("What can be read, and the templates of addresses"))

const read = Command.make(
  "read",
  {
    words: Argument.String("words").pipe(
      Argument.withMetavar("URI | SERVER URI"),
      Argument.withDescription("The address, and its server where several have it or none lists it"),
      Argument.variadic({ min: 1 })
    ),
    out: Flag.String("out").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("Write it to this file; needed for what is no text"),
      Flag.optional
    )
  },
  ({ out, words }) =>
    withSetting(
      Effect.gen(function* () {
        const { server, uri } = yield* resourceWords(words)
        return yield* withOwnServers({
          startsAll: server === undefined,
          only: among(Option.fromUndefinedOr(server)),
          needsNoModel: true
        })(
          Effect.gen(function* () {
            const host = yield* Host
            const { ensureStarted, resources } = host.orchestrator
            const isAddressed = Object.keys(host.config.options.servers).some((name) => uri.startsWith(`${name}::`))
            if (server !== undefined) yield* ensureStarted(server)
            else yield* startUntilSettled(host, Effect.succeed(isAddressed))
            const found = yield* resources.read(server === undefined ? uri : { serverName: server, uri }, localCall())
            const { isTerminal } = yield* Setting
            const { isJson } = yield* Output
            if (Option.isSome(out)) return { found, written: yield* writeContent(found, out.value), text: "" }
            const text = isJson ? "" : yield* textOf(found)
            // A pipe gets it as it is, to the byte.
            return { found, written: undefined, text: isTerminal.stdout ? `${printable(text)}\n` : text }
          })
        )
      }).pipe(
        report({
          render: ({ text, written }) =>
            Effect.flatMap(Output, ({ status, write }) =>
              written === undefined ? write(text) : status(`${written.path}: ${counted(written.bytes, "byte")}`)
            ),
          json: ({ found: { contents, serverName, uri }, written }) => ({
            server: serverName,
            uri,
            ...(written === undefined
              ? {
                  contents: contents.map(({ mimeType, uri, ...content }) => ({
                    uri,
                    mime_type: mimeType ?? null,
                    ...content
                  }))
                }
              : { file: written.path, bytes: written.bytes })
          })
        })
      )
    )
).pipe(
  Command.withDescription("What a resource holds"),
  Command.withExamples([
    { command: "signalbox resources read file:///notes/today.md", description: "By its address" },
    {
      command: "signalbox resources read shop shop://logo --out logo.png",
      description: "By server and address; starts only that server"
    }
  ])
)

export const resources = Command.make("resources").pipe(
  Command.withDescription("The resources of the servers"),
  Command.withSubcommands([list, read])
)
