/**
 * The table of the commands of a chat, and how one of them is found, completed and run.
 */
import { nearestName } from "@signalbox/model"
import { Effect } from "effect"
import { ChatCommandInvalid, ChatCommandUnknown } from "../../errors.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../render/style.ts"
import { renderTable } from "../../render/table.ts"
import type { Chat } from "../Chat.ts"
import type { ChatCommand } from "./ChatCommand.ts"
import { exit, image, undo } from "./doCommands.ts"
import { promptUsage, runPrompt } from "./promptCommand.ts"
import { clear, compact, fork, rewind, switchSession } from "./sessionCommands.ts"
import { cost, model, servers, status, tools } from "./showCommands.ts"

const usageOf = ({ name, parameters }: ChatCommand): string => `/${name}${parameters === "" ? "" : ` ${parameters}`}`

const help: ChatCommand = {
  name: "help",
  parameters: "",
  summary: "What can be typed",
  run: Effect.fnUntraced(function* ({ talker }) {
    const { columns, style } = yield* Output
    const prompts = yield* talker.promptCommands.list
    const rows = [
      ...chatCommands.map((command) => [usageOf(command), command.summary]),
      ...prompts.map((prompt) => [promptUsage(prompt), printable(prompt.description ?? "")])
    ]
    const shown = rows.map(([usage = "", summary = ""]) => [style.bold(usage), summary])
    return {
      text: [
        renderTable(shown, { columns, paint: style.dim }),
        "",
        style.dim('A line break: Alt+Enter, Ctrl-J, a \\ at the end of the row, or a text between """ and """.'),
        style.dim(
          "A picture or a PDF goes along where its path stands in the message. Tab completes, ↑ shows what was typed before."
        ),
        style.dim("Ctrl-C stops an answer. Two slashes (//) send a text that begins with one.")
      ].join("\n"),
      data: rows.map(([command = "", summary = ""]) => ({ command, summary }))
    }
  })
}

/** In the order in which `/help` shows them. */
const chatCommands: ReadonlyArray<ChatCommand> = [
  help,
  status,
  model,
  tools,
  servers,
  cost,
  image,
  undo,
  compact,
  rewind,
  fork,
  switchSession,
  clear,
  exit
]

const others: Readonly<Record<string, string>> = { quit: "exit", q: "exit", new: "clear", "?": "help" }

/** Runs a command by its name: one of the chat, else a prompt. */
export const runCommand = Effect.fnUntraced(function* (chat: Chat, name: string, argument: string) {
  const wanted = others[name] ?? name
  const found = chatCommands.find((command) => command.name === wanted)
  if (found !== undefined) {
    if (found.parameters === "" && argument !== "")
      return yield* new ChatCommandInvalid({
        usage: usageOf(found),
        reason: `"/${found.name}" takes nothing behind it, and "${argument}" stands there. Nothing was done.`
      })
    return yield* found.run(chat, argument)
  }
  const prompts = (yield* chat.talker.promptCommands.list).map((prompt) => prompt.name)
  const own = nearestName(
    name,
    chatCommands.map((command) => command.name)
  )
  // What is nearly a command of the chat is not waited for, as a prompt of a server that still starts is.
  if (own !== undefined && !prompts.includes(name)) return yield* new ChatCommandUnknown({ name, nearest: own })
  return yield* Effect.catchTag(runPrompt(chat, name, argument), "PromptNotFound", ({ nearest }) =>
    Effect.fail(new ChatCommandUnknown({ name, ...(nearest === undefined ? {} : { nearest }) }))
  )
})

const namesOf = Effect.fnUntraced(function* ({ talker }: Chat) {
  const prompts = yield* talker.promptCommands.list
  return [
    ...chatCommands.map(({ name, parameters }) => (parameters === "" ? `/${name}` : `/${name} `)),
    ...prompts.map(({ argumentHint, name }) => (argumentHint === undefined ? `/${name}` : `/${name} `))
  ]
})

/** The lines that the Tab key can make of the one that was begun. */
export const completeCommand = Effect.fnUntraced(function* (chat: Chat, line: string) {
  const [, name = "", blanks, begun = ""] = /^\/([^\s/]*)(?:(\s+)([^]*))?$/.exec(line) ?? []
  if (!line.startsWith("/")) return []
  if (blanks === undefined) return (yield* namesOf(chat)).filter((usage) => usage.startsWith(line))
  const complete = chatCommands.find((command) => command.name === name)?.complete
  const words = complete === undefined ? [] : yield* complete(chat, begun)
  return words.filter((word) => word.startsWith(begun)).map((word) => `/${name}${blanks}${word}`)
})
