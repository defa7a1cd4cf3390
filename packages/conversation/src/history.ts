/**
 * Rules of a history that every provider takes: each `tool_use` is answered by one `tool_result` in the user
 * message right after it, results come first in that message, and no message or text is empty.
 */
import { type ContentBlock, type Message, textResult, type ToolResultBlock, type ToolUseBlock } from "@signalbox/model"
import { toolResultBlock } from "./ToolOutcome.ts"

/** The calls among the blocks that somebody other than the provider has to answer. */
export const callsIn = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<ToolUseBlock> =>
  content.filter((block) => block.type === "tool_use").filter(({ runBy }) => runBy?._tag !== "Provider")

/** An answer of a model as a message, or nothing where it would be empty. Providers refuse empty texts. */
export const assistantMessages = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<Message> => {
  const kept = content.filter((block) => block.type !== "text" || block.text !== "")
  return kept.length === 0 ? [] : [{ role: "assistant", content: kept }]
}

interface Ending {
  readonly before: ReadonlyArray<Message>
  readonly calls: ReadonlyArray<ToolUseBlock>
  /** The user message after the calls, where there is one. */
  readonly answers: ReadonlyArray<ContentBlock>
}

const endingOf = (messages: ReadonlyArray<Message>): Ending => {
  const last = messages.at(-1)
  if (last?.role === "assistant") return { before: messages, calls: callsIn(last.content), answers: [] }
  const previous = messages.at(-2)
  if (last?.role !== "user" || previous?.role !== "assistant") return { before: messages, calls: [], answers: [] }
  return { before: messages.slice(0, -1), calls: callsIn(previous.content), answers: last.content }
}

const resultsIn = (content: ReadonlyArray<ContentBlock>): ReadonlyArray<ToolResultBlock> =>
  content.filter((block) => block.type === "tool_result")

/** Calls at the end of a history that have no result yet. */
export const pendingCallsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<ToolUseBlock> => {
  const { answers, calls } = endingOf(messages)
  const answered = new Set(resultsIn(answers).map((block) => block.tool_use_id))
  return calls.filter(({ id }) => !answered.has(id))
}

/**
 * Puts the results of the caller's tools where they belong: into the user message after the calls, together
 * with the host's, in call order. Use it on a history that ends with `TurnResult.messages` when the turn ended
 * with `tool_use`. A call that the caller has no result for is answered by an error that says so; results that
 * answer no pending call are left out.
 */
export const resumeWith = (
  messages: ReadonlyArray<Message>,
  callerResults: ReadonlyArray<ToolResultBlock>
): ReadonlyArray<Message> => {
  const pending = pendingCallsOf(messages)
  if (pending.length === 0) return messages
  const { answers, before, calls } = endingOf(messages)
  const known = new Map([...callerResults, ...resultsIn(answers)].map((block) => [block.tool_use_id, block]))
  const unanswered = textResult("not run: the caller of this tool gave no result.", true)
  const results = calls.map(({ id }) => known.get(id) ?? toolResultBlock(id, unanswered))
  return [...before, { role: "user", content: [...results, ...answers.filter(({ type }) => type !== "tool_result")] }]
}

/**
 * Adds what a user says. Results of pending calls are merged into place first; text after results goes into
 * the same message, as providers want it. Nothing is added where there is nothing to add.
 */
export const appendUser = (
  messages: ReadonlyArray<Message>,
  content: ReadonlyArray<ContentBlock>
): ReadonlyArray<Message> => {
  const resumed = resumeWith(messages, resultsIn(content))
  const said = content.filter((block) => block.type !== "tool_result" && (block.type !== "text" || block.text !== ""))
  if (said.length === 0) return resumed
  const last = resumed.at(-1)
  if (last?.role !== "user" || resultsIn(last.content).length === 0)
    return [...resumed, { role: "user", content: said }]
  return [...resumed.slice(0, -1), { role: "user", content: [...last.content, ...said] }]
}
