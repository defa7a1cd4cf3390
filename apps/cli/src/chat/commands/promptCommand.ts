/**
 * Commands that are prompts: files of the project or of the person, and prompts of servers. They are filled in and sent.
 */
import type { ExpandedPrompt, PromptCommand } from "@signalbox/host"
import { localCall, qualifiedNames } from "@signalbox/model"
import { Effect } from "effect"
import { Output } from "../../Output.ts"
import { printable } from "../../render/style.ts"
import type { Chat } from "../Chat.ts"
import { otherModel } from "../otherModel.ts"
import type { CommandAnswer } from "./ChatCommand.ts"

/** How it is typed, with what its author says of its arguments. */
export const promptUsage = ({ argumentHint, name }: PromptCommand): string =>
  printable(`/${name}${argumentHint === undefined ? "" : ` ${argumentHint}`}`)

/** The names by which the tools that a prompt may use are offered now. */
const offered = Effect.fnUntraced(function* ({ talker }: Chat, wanted: ReadonlyArray<string>) {
  const all = yield* talker.toolbox.list
  return all
    .filter((tool) => [tool.name, tool.originalName, ...qualifiedNames(tool)].some((name) => wanted.includes(name)))
    .map(({ name }) => name)
})

const sendOf = Effect.fnUntraced(function* (chat: Chat, { command: { source }, model, tools }: ExpandedPrompt) {
  const instead = source._tag === "File" ? `Name another as "model" in ${source.path}.` : ""
  const other = model === undefined ? undefined : yield* otherModel(chat, model, instead)
  return { ...other?.send, ...(tools === undefined ? {} : { tools: yield* offered(chat, tools) }) }
})

/** Fills a prompt in. What it has to say to the person is told, and the rest goes to the model. */
export const runPrompt = Effect.fnUntraced(function* (chat: Chat, name: string, argument: string) {
  const { errorStyle, status } = yield* Output
  const context = localCall({ conversationId: chat.state.session.id })
  const expanded = yield* chat.talker.promptCommands.expand(name, argument, context)
  for (const note of expanded.notes) yield* status(`${errorStyle.yellow("!")} ${printable(note)}`)
  const message = { content: expanded.content, send: yield* sendOf(chat, expanded) }
  return { text: "", data: null, next: { _tag: "Send", message } } satisfies CommandAnswer
})
