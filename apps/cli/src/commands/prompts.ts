import { Host, type PromptCommand } from "@signalbox/host"
import { localCall, type Message, qualifiedName, resultText } from "@signalbox/model"
import { type FilledPrompt, PromptNotFound } from "@signalbox/orchestrator"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Output } from "../Output.ts"
import { readPrompt } from "../promptWords.ts"
import { namedServer } from "../namedWords.ts"
import { printable } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { tellShortfall } from "../render/tellShortfall.ts"
import { report } from "../report.ts"
import { shortfallOf } from "../shortfall.ts"
import { among, startListed, startUntilSettled } from "../startServers.ts"
import { explainUnknown } from "../unknownName.ts"
import type { RunningHost } from "../withHost.ts"
import { withOwnServers } from "../withOwnServers.ts"
import { withSetting } from "../withSetting.ts"

type FileSource = Extract<PromptCommand["source"], { readonly _tag: "File" }>

const isFile = (command: PromptCommand): command is PromptCommand & { readonly source: FileSource } =>
  command.source._tag === "File"

/** Where a file of that name would be in the configuration of somebody else. */
const placeOf = ({ isOfUser }: FileSource): string => (isOfUser ? "user" : "project")

const list = Command.make(
  "list",
  { server: Flag.String("server").pipe(Flag.withDescription("Only the prompts of this server"), Flag.optional) },
  ({ server }) =>
    withSetting(
      withOwnServers({ startsAll: Option.isNone(server), only: among(server), needsNoModel: true })(
        Effect.gen(function* () {
          const host = yield* Host
          const servers = yield* startListed(host, server)
          const files = Option.isSome(server) ? [] : (yield* host.promptCommands.list).filter(isFile)
          return { prompts: yield* host.orchestrator.prompts.list, servers, files }
        })
      ).pipe(
        report({
          shortfall: ({ servers }) => shortfallOf(servers),
          render: ({ files, prompts, servers }) =>
            Effect.gen(function* () {
              const { columns, line, style } = yield* Output
              const ofFiles = files.map(({ argumentHint = "", description = "", name, source }) => [
                style.bold(printable(name)),
                style.cyan(placeOf(source)),
                printable(argumentHint),
                printable(description)
              ])
              const ofServers = prompts.map(({ arguments: args, description, name, serverName, title }) => [
                style.bold(printable(name)),
                style.cyan(serverName),
                printable(args.map(({ isRequired, name }) => (isRequired ? name : `[${name}]`)).join(" ")),
                printable(description ?? title ?? "")
              ])
              const rows = [...ofFiles, ...ofServers]
              yield* line(
                rows.length === 0 ? "There are no prompts." : renderTable(rows, { columns, paint: style.dim })
              )
              yield* tellShortfall(servers)
            }),
          json: ({ files, prompts }) => [
            ...files.map(({ argumentHint, description, name, source }) => ({
              name,
              file: source.path,
              description: description ?? null,
              argument_hint: argumentHint ?? null
            })),
            ...prompts.map((prompt) => ({
              name: prompt.name,
              server: prompt.serverName,
              original_name: prompt.originalName,
              title: prompt.title ?? null,
              description: prompt.description ?? null,
              arguments: prompt.arguments.map(({ description, isRequired, name }) => ({
                name,
                description: description ?? null,
                required: isRequired
              }))
            }))
          ]
        })
      )
    )
).pipe(Command.withDescription("Prompts in files of yours and those that servers have ready, and their arguments"))

const textOf = ({ content, role }: Message): string =>
  `${role}: ${resultText({ content: content.filter(isShown), isError: false })}`

/** Prompts hold no others: they are made of what a tool may answer. */
const isShown = (block: Message["content"][number]) =>
  block.type === "text" || block.type === "image" || block.type === "document" || block.type === "opaque"

/** The shell has taken the quotes of a person away. */
const typedWords = (words: ReadonlyArray<string>): string =>
  words.map((word) => (/[\s"]/.test(word) ? JSON.stringify(word) : word)).join(" ")

/** What is shown of a prompt that is filled in. */
interface Filled {
  readonly messages: ReadonlyArray<Message>
  readonly notes: ReadonlyArray<string>
  readonly json: object
}

/** A file of this name, filled in; it comes before prompts of servers. */
const filledFile = Effect.fnUntraced(function* (
  { promptCommands }: RunningHost,
  [name = "", ...rest]: ReadonlyArray<string>
) {
  const command = (yield* promptCommands.list).filter(isFile).find((one) => one.name === name)
  if (command === undefined) return undefined
  const { content, model, notes, tools } = yield* promptCommands.expand(name, typedWords(rest))
  const messages: ReadonlyArray<Message> = [{ role: "user", content }]
  const json = { name, file: command.source.path, model: model ?? null, tools: tools ?? null, notes, messages }
  return { messages, notes, json } satisfies Filled
})

const filledJson = ({ description, messages, prompt }: FilledPrompt) => ({
  name: prompt.name,
  server: prompt.serverName,
  original_name: prompt.originalName,
  description: description ?? null,
  messages
})

/** The error for the names as they were typed. */
const asTyped = Effect.fnUntraced(function* (
  host: RunningHost,
  wanted: { readonly server: string | undefined; readonly name: string },
  { available, nearest, serverNames }: PromptNotFound
) {
  const listed = yield* host.orchestrator.prompts.list
  const offered = listed.map(({ originalName, serverName }) => ({ serverName, name: originalName }))
  const told = explainUnknown(wanted, offered)
  return new PromptNotFound({ promptName: wanted.name, available, nearest, serverNames, ...told })
})

const get = Command.make(
  "get",
  {
    words: Argument.String("words").pipe(
      Argument.withMetavar("[SERVER] PROMPT [JSON | key=value …]"),
      Argument.withDescription("The prompt, its server where the name alone is not enough, and the arguments"),
      Argument.variadic({ min: 1 })
    )
  },
  ({ words }) =>
    withSetting(
      withOwnServers({ startsAll: false, only: (servers) => namedServer(words, servers), needsNoModel: true })(
        Effect.gen(function* () {
          const host = yield* Host
          const file = yield* filledFile(host, words)
          if (file !== undefined) return file
          const { ensureStarted, prompts } = host.orchestrator
          const wanted = yield* readPrompt(words, Object.keys(host.config.options.servers))
          const { args, name, server } = wanted
          if (server !== undefined) yield* ensureStarted(server)
          else {
            const isAddressed = Effect.map(prompts.list, (listed) =>
              listed.some(({ originalName, serverName }) => qualifiedName(serverName, originalName) === name)
            )
            yield* startUntilSettled(host, isAddressed)
          }
          const filled = yield* prompts
            .get(server === undefined ? name : qualifiedName(server, name), args, localCall())
            .pipe(
              Effect.catchIf(Schema.is(PromptNotFound), (error) =>
                Effect.flatMap(asTyped(host, wanted, error), Effect.fail)
              )
            )
          return { messages: filled.messages, notes: [], json: filledJson(filled) } satisfies Filled
        })
      ).pipe(
        report({
          render: ({ messages, notes }) =>
            Effect.gen(function* () {
              const { errorStyle, line, status } = yield* Output
              yield* line(printable(messages.map(textOf).join("\n\n")))
              for (const note of notes) yield* status(`${errorStyle.yellow("!")} ${printable(note)}`)
            }),
          json: ({ json }) => json
        })
      )
    )
).pipe(
  Command.withAlias("apply"),
  Command.withDescription("A prompt with its arguments filled in"),
  Command.withExamples([
    { command: "signalbox prompts get code_review language=rust", description: "By the name of the prompt" },
    { command: "signalbox prompts apply review src/", description: "A file of yours: .signalbox/commands/review.md" },
    {
      command: "signalbox prompts get docs summary page=intro",
      description: "By server and prompt; starts only that server"
    }
  ])
)

export const prompts = Command.make("prompts").pipe(
  Command.withDescription("Prompts in files of yours, and those of the servers"),
  Command.withSubcommands([list, get])
)
