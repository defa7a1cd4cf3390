/**
 * Whether the calls and results of a conversation fit together, as the API demands: each call is answered in the
 * next user turn, each result answers a call of the turn before, and no id is used twice. Messages of one role in a
 * row are one turn, and nothing is ever reordered. Calls at the end of the conversation are still to be answered.
 */
import type { ContentBlock, Message, ToolResultBlock, ToolUseBlock } from "@signalbox/model"
import { Effect } from "effect"
import { invalid } from "./invalid.ts"
import type { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

/** What becomes of a conversation that does not fit together: it is refused, mended, or left to the upstream. */
export type FlowPolicy = "reject" | "repair" | "ignore"

interface Issue {
  readonly message: number
  readonly block: number
  readonly reason: string
}

const isCall = (block: ContentBlock): block is ToolUseBlock => block.type === "tool_use"
const isResult = (block: ContentBlock): block is ToolResultBlock => block.type === "tool_result"

/** A call that waits for its result, and where it stands. */
interface OpenCall {
  readonly id: string
  readonly message: number
  readonly block: number
}

const listed = (calls: ReadonlyArray<OpenCall>): string => calls.map(({ id }) => id).join(", ")

const dangling = (calls: ReadonlyArray<OpenCall>): Issue => ({
  message: calls[0]?.message ?? 0,
  block: calls[0]?.block ?? 0,
  reason: `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${listed(calls)}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
})

/** The first thing that does not fit. */
const firstIssue = (messages: ReadonlyArray<Message>): Issue | undefined => {
  const used = new Set<string>()
  /** The calls of the last assistant turn, and those of them that are answered. */
  let calls: ReadonlyArray<OpenCall> = []
  const answered = new Set<string>()
  let role = "system"
  const open = () => calls.filter(({ id }) => !answered.has(id))
  for (const [message, { content, role: next }] of messages.entries()) {
    if (next === "system") continue
    if (next === "assistant" && role === "user") {
      if (open().length > 0) return dangling(open())
      calls = []
      answered.clear()
    }
    role = next
    for (const [block, each] of content.entries()) {
      if (isCall(each) && next === "assistant") {
        if (each.id === "") return { message, block, reason: "a `tool_use` block must have an id" }
        if (used.has(each.id)) return { message, block, reason: `\`tool_use\` ids must be unique: ${each.id}` }
        used.add(each.id)
        calls = [...calls, { id: each.id, message, block }]
      }
      if (!isResult(each)) continue
      const id = each.tool_use_id
      if (next !== "user" || !calls.some((call) => call.id === id)) {
        const reason = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
        return { message, block, reason }
      }
      if (answered.has(id)) {
        return { message, block, reason: `each tool_use must have a single result: found several with the id ${id}` }
      }
      answered.add(id)
    }
  }
  return role === "user" && open().length > 0 ? dangling(open()) : undefined
}

const lost = (id: string): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: id,
  is_error: true,
  content: "There is no result."
})

/** A result whose call is not there is told in words, where it has some. */
const asText = ({ content, tool_use_id }: ToolResultBlock): ReadonlyArray<ContentBlock> => {
  const head = { type: "text", text: `[The result of a call that is not here, ${tool_use_id}:]` } as const
  return typeof content === "string" ? [head, { type: "text", text: content }] : [head, ...(content ?? [])]
}

const unusedId = (id: string, used: ReadonlySet<string>): string => {
  for (let count = 2; ; count++) if (!used.has(`${id}_${count}`)) return `${id}_${count}`
}

/** Mends turn by turn: ids that were used before get new ones, with their results. */
const repaired = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const used = new Set<string>()
  const mended: Array<Message> = []
  /** The calls of the last assistant turn that have no result yet: the id that a result names, and ours. */
  let open: Array<{ readonly given: string; readonly id: string }> = []
  let role = "system"
  const close = () => {
    if (open.length > 0) mended.push({ role: "user", content: open.map(({ id }) => lost(id)) })
    open = []
  }
  const call = (block: ToolUseBlock): ToolUseBlock => {
    const id = block.id === "" || used.has(block.id) ? unusedId(block.id === "" ? "toolu" : block.id, used) : block.id
    used.add(id)
    open.push({ given: block.id, id })
    return id === block.id ? block : { ...block, id }
  }
  const result = (block: ToolResultBlock): ReadonlyArray<ContentBlock> => {
    const at = open.findIndex(({ given }) => given === block.tool_use_id)
    const [found] = at === -1 ? [] : open.splice(at, 1)
    if (found === undefined) return asText(block)
    return [found.id === block.tool_use_id ? block : { ...block, tool_use_id: found.id }]
  }
  const answersFrom = (index: number): boolean => {
    for (const { content, role: next } of messages.slice(index + 1)) {
      if (next === "system") continue
      return next === "user" && content.some(isResult)
    }
    return false
  }
  for (const [index, message] of messages.entries()) {
    const next = message.role
    if (next === "assistant" && role === "user") close()
    if (next !== "system") role = next
    const content = message.content.flatMap((block) => {
      if (isCall(block) && next === "assistant") return [call(block)]
      return isResult(block) ? (next === "user" ? result(block) : asText(block)) : [block]
    })
    // The results that nobody gave come before what the turn says: the API wants results first.
    const missing = next === "user" && open.length > 0 && !answersFrom(index) ? open.map(({ id }) => lost(id)) : []
    if (missing.length > 0) open = []
    const other = content.findIndex((block) => !isResult(block))
    const rest = other === -1 ? content.length : other
    const whole = [...content.slice(0, rest), ...missing, ...content.slice(rest)]
    const isSame = whole.length === message.content.length && whole.every((block, at) => block === message.content[at])
    mended.push(isSame ? message : { ...message, content: whole })
  }
  return mended
}

/**
 * The conversation that may be sent on. `reject` fails as the API does, naming the block and the id; `repair` answers
 * calls that have no result with an error, tells results without a call as text, and renames ids that are used twice.
 */
export const checkFlow = (
  messages: ReadonlyArray<Message>,
  policy: FlowPolicy
): Effect.Effect<ReadonlyArray<Message>, InvalidMessagesRequest> => {
  if (policy === "ignore") return Effect.succeed(messages)
  const issue = firstIssue(messages)
  if (issue === undefined) return Effect.succeed(messages)
  if (policy === "repair") return Effect.succeed(repaired(messages))
  return Effect.fail(invalid(["messages", issue.message, "content", issue.block], issue.reason))
}
