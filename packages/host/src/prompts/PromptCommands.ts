/**
 * What a person can send by a name: Markdown files of the project and of the user, and the prompts of servers. Files keep
 * their names; a prompt whose name is taken is called `server:prompt`, and can always be called so.
 */
import {
  type CallContext,
  type ContentBlock,
  localCall,
  type Message,
  nearestName,
  qualifiedName
} from "@signalbox/model"
import {
  type AskError,
  type PromptArgumentsMissing,
  type PromptDefinition,
  PromptNotFound,
  type ServerPrompts
} from "@signalbox/orchestrator"
import { type Context, Duration, Effect, type FileSystem, type Path } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { PromptWordsMissing } from "../errors.ts"
import { type FileIncludes, fileText } from "../rules/FileIncludes.ts"
import { namedArguments } from "./argumentWords.ts"
import { fillText } from "./fillText.ts"
import { type FoundPromptFile, type PromptFolders, readPromptFolders } from "./promptFolders.ts"

/** Where a command comes from. */
export type PromptCommandSource =
  | { readonly _tag: "File"; readonly path: string; readonly isOfUser: boolean }
  | { readonly _tag: "Server"; readonly serverName: string; readonly promptName: string }

/** A command as it is listed. */
export interface PromptCommand {
  /** Without a slash. */
  readonly name: string
  readonly description: string | undefined
  /** What to type after it, in the words of its author: `[path] [why]`. */
  readonly argumentHint: string | undefined
  /** Those of a server's prompt, by name; a file takes words as they come. */
  readonly arguments: PromptDefinition["arguments"]
  readonly source: PromptCommandSource
}

/** A command, filled in. */
export interface ExpandedPrompt {
  readonly command: PromptCommand
  /** What to send as the user's message. */
  readonly content: ReadonlyArray<ContentBlock>
  /** Who is to answer it, as `model` names them; without it whoever answers the conversation. */
  readonly model?: string
  /** The only tools that the turn may use; without it all. It never lets a call through that would be asked about. */
  readonly tools?: ReadonlyArray<string>
  /** Sentences for the person: files that were named and did not go along. */
  readonly notes: ReadonlyArray<string>
}

/** Why a command cannot be sent. */
export type PromptCommandError = AskError | PromptNotFound | PromptArgumentsMissing | PromptWordsMissing

/** The commands of a host or of an agent. */
export interface PromptCommands {
  /** Files first, by name; then prompts in the order of their servers. */
  readonly list: Effect.Effect<ReadonlyArray<PromptCommand>>
  /** What is wrong with files, each with its path and line. Such a file may be no command; the others are. */
  readonly problems: Effect.Effect<ReadonlyArray<string>>
  /** Fills a command in with what was typed after its name. A prompt of a server is got from it. */
  readonly expand: (
    name: string,
    typed: string,
    context?: CallContext
  ) => Effect.Effect<ExpandedPrompt, PromptCommandError>
}

/** Whose prompts they are. */
export interface PromptSource {
  readonly prompts: Pick<ServerPrompts, "list" | "get">
  /** Waits until all servers have started or failed. */
  readonly settled: Effect.Effect<void>
}

/** How long a name that nobody has is waited for: its server may just be starting. */
const arrivalTime = Duration.seconds(5)

/** What they are made of. */
export interface PromptCommandParts {
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly includes: FileIncludes
  readonly source: PromptSource
  readonly platform: Context.Context<FileSystem.FileSystem | Path.Path>
}

/** A command, and what it takes to fill it in. */
type Entry =
  | { readonly command: PromptCommand; readonly file: FoundPromptFile }
  | { readonly command: PromptCommand; readonly prompt: PromptDefinition }

/** The commands of a configuration. */
export const makePromptCommands = ({
  config,
  environment,
  includes,
  platform,
  source: { prompts, settled }
}: PromptCommandParts): PromptCommands => {
  const { folders } = config.options.conversation.promptCommands
  const files: Effect.Effect<PromptFolders> = Effect.provideContext(
    readPromptFolders(folders, config.directory, environment),
    platform
  )
  const entries = Effect.map(Effect.all([files, prompts.list], { concurrency: 2 }), ([read, listed]) =>
    named(read.files, listed)
  )

  const find = Effect.fnUntraced(function* (name: string) {
    const known = findEntry(yield* entries, name)
    if (known !== undefined) return known
    yield* Effect.timeoutOption(settled, arrivalTime)
    const all = yield* entries
    const found = findEntry(all, name)
    if (found !== undefined) return found
    const available = all.map(({ command }) => command.name)
    const serverNames = [...new Set(all.flatMap((entry) => ("prompt" in entry ? [entry.prompt.serverName] : [])))]
    return yield* new PromptNotFound({
      promptName: name,
      nearest: nearestName(name, available),
      available,
      serverNames
    })
  })

  return {
    list: Effect.map(entries, (all) => all.map(({ command }) => command)),
    problems: Effect.map(files, ({ problems }) => problems),
    expand: Effect.fn("PromptCommands.expand")(function* (name, typed, context = localCall()) {
      const entry = yield* find(name)
      const { command } = entry
      if ("file" in entry) return yield* expandFile(includes, entry.file, command, typed)
      const { originalName, serverName } = entry.prompt
      const given = namedArguments(
        command.arguments.map((argument) => argument.name),
        typed
      )
      const { messages } = yield* prompts.get(qualifiedName(serverName, originalName), given, context)
      return { command, content: messages.flatMap(contentOf), notes: [] }
    })
  }
}

const findEntry = (all: ReadonlyArray<Entry>, name: string): Entry | undefined =>
  all.find(({ command }) => command.name === name) ?? all.find((entry) => isAddressed(entry, name))

/** Also names that are not listed, because a shorter one is. */
const isAddressed = (entry: Entry, name: string): boolean => {
  if ("file" in entry) return false
  const { name: exposed, originalName, serverName } = entry.prompt
  return [exposed, `${serverName}:${originalName}`, qualifiedName(serverName, originalName)].includes(name)
}

/** Gives each command the shortest name that is its own. */
const named = (
  files: ReadonlyArray<FoundPromptFile>,
  prompts: ReadonlyArray<PromptDefinition>
): ReadonlyArray<Entry> => {
  const taken = new Set(files.map(({ name }) => name))
  const shared = new Map<string, number>()
  for (const { originalName } of prompts) shared.set(originalName, (shared.get(originalName) ?? 0) + 1)
  const nameOf = ({ originalName, serverName }: PromptDefinition): string => {
    const isOwn = !taken.has(originalName) && shared.get(originalName) === 1
    if (isOwn) return originalName
    const long = `${serverName}:${originalName}`
    return taken.has(long) ? qualifiedName(serverName, originalName) : long
  }
  return [
    ...files.map((file) => ({ file, command: commandOfFile(file) })),
    ...prompts.map((prompt) => ({ prompt, command: commandOfPrompt(nameOf(prompt), prompt) }))
  ]
}

const commandOfFile = ({ argumentHint, description, isOfUser, name, path }: FoundPromptFile): PromptCommand => ({
  name,
  description,
  argumentHint,
  arguments: [],
  source: { _tag: "File", path, isOfUser }
})

const commandOfPrompt = (name: string, prompt: PromptDefinition): PromptCommand => ({
  name,
  description: prompt.description ?? prompt.title,
  argumentHint:
    prompt.arguments.map((argument) => (argument.isRequired ? argument.name : `[${argument.name}]`)).join(" ") ||
    undefined,
  arguments: prompt.arguments,
  source: { _tag: "Server", serverName: prompt.serverName, promptName: prompt.originalName }
})

/** Files go along behind the text that names them. */
const expandFile = Effect.fnUntraced(function* (
  includes: FileIncludes,
  { body, model, path, tools }: FoundPromptFile,
  command: PromptCommand,
  typed: string
) {
  const { files, missing, text } = fillText(body, typed)
  if (missing.length > 0)
    return yield* new PromptWordsMissing({
      promptName: command.name,
      missing,
      usage: command.argumentHint ?? "",
      file: path
    })
  const read = yield* Effect.forEach(files, (file) =>
    Effect.map(includes.read(file), (included) => ({ file, included }))
  )
  const along = read.flatMap(({ file, included }): ReadonlyArray<ContentBlock> =>
    included._tag === "Text" ? [{ type: "text", text: fileText(file, included.text) }] : []
  )
  const notes = read.flatMap(({ file, included }) => {
    if (included._tag === "Text") return []
    return [`@${file} does not go along: ${included._tag === "Missing" ? "there is no such file." : included.reason}`]
  })
  return {
    command,
    content: [{ type: "text", text }, ...along],
    notes,
    ...(model === undefined ? {} : { model }),
    ...(tools === undefined ? {} : { tools })
  } satisfies ExpandedPrompt
})

/** What a prompt has said for the other side is told as that: it is one message of the user here. */
const contentOf = ({ content, role }: Message): ReadonlyArray<ContentBlock> =>
  role === "user" ? content : [{ type: "text", text: "You have said:" }, ...content]
