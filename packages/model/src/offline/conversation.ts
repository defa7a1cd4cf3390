/**
 * Where a conversation stands, read from its messages alone: the command that is being worked on, the
 * answers the person gave to questions about it, and the tool calls made for it so far.
 */
import type { ContentBlock, ToolResultBlock } from "../ContentBlock.ts"
import { type Message, textOf } from "../Message.ts"
import { resultText } from "../Tool.ts"

/** A tool call that was made, and what came back. */
export interface Step {
  readonly name: string
  readonly text: string
  readonly isError: boolean
}

/** The person's answer to a question about one argument of one tool. */
export interface Answer {
  readonly tool: string
  readonly argument: string
  readonly text: string
}

export interface Conversation {
  readonly command: string
  readonly answers: ReadonlyArray<Answer>
  readonly steps: ReadonlyArray<Step>
  /** The last result before the command, for "it" and "the result". */
  readonly earlier: string | undefined
}

/** The question for a missing argument. Its wording is how the next turn knows what was asked. */
export const question = (argument: string, tool: string): string => `What should "${argument}" be for ${tool}?`

const questionPattern = /What should "([^"]+)" be for ([A-Za-z0-9_-]{1,128})\?\s*$/

const resultOf = (block: ToolResultBlock, name: string): Step => {
  const content =
    typeof block.content === "string" ? [{ type: "text" as const, text: block.content }] : (block.content ?? [])
  const isError = block.is_error === true
  return { name, text: resultText({ content, isError }), isError }
}

const blocksOf = (messages: ReadonlyArray<Message>): ReadonlyArray<ContentBlock> =>
  messages.flatMap(({ content }) => content)

const stepsIn = (messages: ReadonlyArray<Message>): ReadonlyArray<Step> => {
  const blocks = blocksOf(messages)
  const results = new Map(
    blocks.flatMap((block) => (block.type === "tool_result" ? [[block.tool_use_id, block] as const] : []))
  )
  return blocks.flatMap((block) => {
    if (block.type !== "tool_use") return []
    const result = results.get(block.id)
    return [
      result === undefined
        ? { name: block.name, text: "There was no answer.", isError: true }
        : resultOf(result, block.name)
    ]
  })
}

const personText = (message: Message | undefined): string =>
  message?.role === "user" ? textOf(message.content).trim() : ""

const lastTextBefore = (messages: ReadonlyArray<Message>, end: number): number =>
  messages.slice(0, end).findLastIndex((message) => personText(message) !== "")

/** What a message of the model ends by asking for. */
const askedIn = (message: Message | undefined): Omit<Answer, "text"> | undefined => {
  if (message?.role !== "assistant") return undefined
  const [, argument, tool] = questionPattern.exec(textOf(message.content)) ?? []
  return argument === undefined || tool === undefined ? undefined : { tool, argument }
}

/**
 * Reads the state of a conversation. `isNewCommand` says whether a text is a command of its own although
 * a question was open.
 */
export const readConversation = (
  messages: ReadonlyArray<Message>,
  isNewCommand: (text: string, asked: Omit<Answer, "text">) => boolean
): Conversation => {
  const answers: Array<Answer> = []
  let at = lastTextBefore(messages, messages.length)
  while (at > 0) {
    const asked = askedIn(messages[at - 1])
    const before = lastTextBefore(messages, at)
    const text = personText(messages[at])
    if (asked === undefined || before < 0 || isNewCommand(text, asked)) break
    answers.unshift({ ...asked, text })
    at = before
  }
  return {
    command: personText(messages[at]),
    answers,
    steps: at < 0 ? [] : stepsIn(messages.slice(at)),
    earlier: stepsIn(messages.slice(0, Math.max(0, at))).at(-1)?.text
  }
}
