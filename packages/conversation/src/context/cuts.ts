/**
 * Where a history may be cut so that what stays is one that every provider takes: it begins with what a user said, and no
 * call loses its result. Within a turn, whole rounds of tools may go; the question that they serve stays.
 */
import type { Message, TextBlock } from "@signalbox/model"

/** What stays: the question, and what comes from `start` on. */
export interface Cut {
  /** The place of the message that a user said. Results of tools in it belong to what is left out. */
  readonly question: number
  /** The place of an answer of the model, after the question. */
  readonly start: number
}

/** Whether a message has words of a user, and not only results of tools. */
export const isSaid = ({ content, role }: Message): boolean =>
  role === "user" && content.some(({ type }) => type !== "tool_result")

/** How many messages a cut leaves out. */
export const leftOutBy = ({ start }: Cut): number => start - 1

/** The newest turns, so many of them: each begins with what a user said. */
export const leaveTurns = (messages: ReadonlyArray<Message>, turns: number): ReadonlyArray<Message> => {
  const places = messages.flatMap((message, index) => (isSaid(message) ? [index] : []))
  return turns === 0 ? [] : messages.slice(places.at(-turns) ?? 0)
}

/** All places, oldest first; the last leaves only the last question and the last round of tools for it. */
export const cutsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<Cut> => {
  const cuts: Array<Cut> = []
  let question: number | undefined
  messages.forEach((message, index) => {
    const beginsRound = message.role === "assistant" && messages[index - 1]?.role !== "assistant"
    if (beginsRound && question !== undefined) cuts.push({ question, start: index })
    if (isSaid(message)) question = index
  })
  // The question that is about to be answered.
  if (question === messages.length - 1) cuts.push({ question, start: messages.length })
  return cuts
}

const summaryStart = "[Summary of the conversation before this message, which is not shown any more:\n"

/** The summary with which a history begins, where it does. */
export const summaryIn = ([first]: ReadonlyArray<Message>): ReadonlyArray<TextBlock> => {
  const [block] = first?.role === "user" ? first.content : []
  return block?.type === "text" && block.text.startsWith(summaryStart) ? [block] : []
}

/** A history that begins with a summary of what came before it. */
export const withSummary = (messages: ReadonlyArray<Message>, summary: string): ReadonlyArray<Message> => {
  const block: TextBlock = { type: "text", text: `${summaryStart}${summary}]` }
  const [first, ...rest] = messages
  if (first?.role !== "user") return [{ role: "user", content: [block] }, ...messages]
  return [{ ...first, content: [block, ...withoutResults(first)] }, ...rest]
}

const withoutResults = ({ content }: Message) => content.filter(({ type }) => type !== "tool_result")

/** The history after a cut, `note` before the question. A summary stays: it stands for more than was cut. */
export const cutAt = (
  messages: ReadonlyArray<Message>,
  { question, start }: Cut,
  note: string
): ReadonlyArray<Message> => {
  const asked = messages[question]
  if (asked === undefined) return messages
  const summary = question === 0 ? [] : summaryIn(messages)
  const content = [...summary, { type: "text" as const, text: note }, ...withoutResults(asked)]
  return [{ ...asked, content }, ...messages.slice(start)]
}
