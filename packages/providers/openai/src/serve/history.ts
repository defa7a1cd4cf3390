/**
 * A conversation from what clients of both APIs send piece by piece. Every call gets exactly one result, in the
 * user turn right after it and before anything else, which upstreams insist upon and clients do not; roles that
 * follow themselves are one turn. Calls that the host made come back with their results: they are folded into
 * the model calls that they came from.
 */
import {
  type ContentBlock,
  lostResult,
  type Message,
  resultText,
  type TextBlock,
  type ToolResultBlock,
  type ToolUseBlock
} from "@signalbox/model"

/** One piece of a conversation, in the order in which it was sent. */
export type HistoryItem =
  | { readonly type: "system" | "user"; readonly content: ReadonlyArray<ContentBlock> }
  /** `step` names the model call that said it, where that is known: equal names, one call. */
  | { readonly type: "assistant"; readonly block: ContentBlock; readonly step?: string | undefined }
  | { readonly type: "result"; readonly result: ToolResultBlock }

/** What a request says before the conversation, and the conversation. */
export interface History {
  readonly system: ReadonlyArray<TextBlock>
  readonly messages: ReadonlyArray<Message>
}

/** What one model call said, what its calls were answered, and what was said before the next one. */
interface Step {
  /** Of the last piece that had one: model calls that called nothing are one turn with the next. */
  name: string | undefined
  readonly said: Array<ContentBlock>
  readonly results: Map<string, ToolResultBlock>
  readonly after: Array<Message>
  /** The ids of its calls as they were sent, and as they are here. */
  readonly ids: Map<string, string>
  lastResultIsOf: "host" | "caller"
}

const add = (messages: Array<Message>, message: Message): void => {
  const last = messages.at(-1)
  if (message.content.length === 0) return
  if (last?.role === message.role) {
    messages[messages.length - 1] = { role: message.role, content: [...last.content, ...message.content] }
  } else messages.push(message)
}

/** An answer to no call that is open: said as text, so that nothing is lost. */
const orphan = ({ content, is_error }: ToolResultBlock): TextBlock => {
  const blocks = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? [])
  const text = resultText({ content: blocks, isError: is_error === true })
  return { type: "text", text: `[Result of an earlier tool call]\n${text}` }
}

const isCall = (block: ContentBlock): block is ToolUseBlock => block.type === "tool_use"

const isThinking = (block: ContentBlock): boolean => block.type === "thinking" || block.type === "redacted_thinking"

/** Thinking that nothing came of: upstreams refuse a turn that ends with it. */
const withoutLastThoughts = (said: ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> =>
  said.slice(0, said.findLastIndex((block) => !isThinking(block)) + 1)

/** Whether a piece was said after the results of a step, and so by another model call. */
const isNextStep = (step: Step, block: ContentBlock, name: string | undefined): boolean => {
  if (step.after.length > 0) return true
  const calls = step.said.filter(isCall)
  if (calls.length === 0) return false
  // No model is called before everything that it asked for is answered; what the host was asked may be lost.
  const open = calls.filter(({ id }) => !step.results.has(id))
  if (open.some(({ runBy }) => runBy?._tag !== "Host")) return false
  if (name !== undefined && step.name !== undefined) return name !== step.name
  if (open.length > 0) return false
  // A host's call brings its result along, so that calls of one step look like calls of several.
  return step.lastResultIsOf === "caller" || !isCall(block)
}

/** Ids that every upstream takes, and no two alike: some servers count from `call_0` in every turn. */
const freeId = (id: string, used: Set<string>): string => {
  const fit = id.replace(/[^A-Za-z0-9_-]/g, "_") || "call"
  let free = fit
  for (let count = 2; used.has(free); count++) free = `${fit}_${count}`
  used.add(free)
  return free
}

const closeStep = (messages: Array<Message>, step: Step): void => {
  add(messages, { role: "assistant", content: withoutLastThoughts(step.said) })
  const results = step.said.filter(isCall).map(({ id }) => step.results.get(id) ?? lostResult(id))
  add(messages, { role: "user", content: results })
  for (const message of step.after) add(messages, message)
}

/** The conversation. Instructions at its beginning are the system prompt; if there is nothing else, they are the question. */
export const historyOf = (items: ReadonlyArray<HistoryItem>): History => {
  const messages: Array<Message> = []
  const used = new Set<string>()
  let step: Step | undefined
  const say = (message: Message) => {
    add(step?.after ?? messages, message)
  }
  const answer = (result: ToolResultBlock) => {
    const id = step?.ids.get(result.tool_use_id)
    if (step === undefined || id === undefined || step.results.has(id)) {
      say({ role: "user", content: [orphan(result)] })
      return
    }
    step.results.set(id, { ...result, tool_use_id: id })
    const call = step.said.find((block) => isCall(block) && block.id === id)
    step.lastResultIsOf = call !== undefined && isCall(call) && call.runBy?._tag === "Host" ? "host" : "caller"
  }
  const speak = (block: ContentBlock, name: string | undefined) => {
    if (step === undefined || isNextStep(step, block, name)) {
      if (step !== undefined) closeStep(messages, step)
      step = { name, said: [], results: new Map(), after: [], ids: new Map(), lastResultIsOf: "caller" }
    }
    step.name = name ?? step.name
    if (!isCall(block)) {
      step.said.push(block)
      return
    }
    const id = freeId(block.id, used)
    step.ids.set(block.id, id)
    step.said.push({ ...block, id })
  }
  for (const item of items) {
    if (item.type === "assistant") speak(item.block, item.step)
    else if (item.type === "result") answer(item.result)
    else say({ role: item.type, content: item.content })
  }
  if (step !== undefined) closeStep(messages, step)
  const [first, ...rest] = messages
  if (first?.role !== "system") return { system: [], messages }
  if (rest.length === 0) return { system: [], messages: [{ role: "user", content: first.content }] }
  return { system: first.content.filter((block) => block.type === "text"), messages: rest }
}
