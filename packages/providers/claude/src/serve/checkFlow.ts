/**
 * Whether the calls and results of a conversation fit together, as the API demands: each call is answered in the
 * next user turn, each result answers a call of the turn before, and no id is used twice. Messages of one role in a
 * row are one turn, and nothing is ever reordered. Calls at the end of the conversation are still to be answered.
 */
import type { ContentBlock, Message, ToolResultBlock, ToolUseBlock } from "@signalbox/model"
import { Effect } from "effect"
import { invalid } from "./invalid.ts"
import { repairFlow } from "./repairFlow.ts"
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

/** A block, and where it stands. */
interface Placed {
  readonly block: ContentBlock
  readonly message: number
  readonly index: number
}

interface Turn {
  readonly role: Message["role"]
  readonly placed: Array<Placed>
}

/** The turns of both sides. Instructions between them are no turn. */
const turnsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<Turn> => {
  const turns: Array<Turn> = []
  for (const [message, { content, role }] of messages.entries()) {
    if (role === "system") continue
    const last = turns.at(-1)
    const turn = last?.role === role ? last : { role, placed: [] }
    if (turn !== last) turns.push(turn)
    turn.placed.push(...content.map((block, index) => ({ block, message, index })))
  }
  return turns
}

const issueAt = ({ index, message }: Placed, reason: string): Issue => ({ message, block: index, reason })

/** What is wrong with the calls of a turn. */
const callIssue = (turn: Turn, used: Set<string>): Issue | undefined => {
  for (const placed of turn.placed) {
    if (!isCall(placed.block) || turn.role !== "assistant") continue
    const { id } = placed.block
    if (id === "") return issueAt(placed, "a `tool_use` block must have an id")
    if (used.has(id)) return issueAt(placed, `\`tool_use\` ids must be unique: ${id}`)
    used.add(id)
  }
  return undefined
}

/** The calls of a turn by id, where it is one of the assistant. */
const callsOf = (turn: Turn | undefined): ReadonlyMap<string, Placed> =>
  new Map(
    (turn?.role === "assistant" ? turn.placed : []).flatMap((placed) =>
      isCall(placed.block) ? [[placed.block.id, placed] as const] : []
    )
  )

/** What is wrong with the results of a turn, given the calls before it. */
const resultIssue = (turn: Turn, calls: ReadonlyMap<string, Placed>): Issue | undefined => {
  const answered = new Set<string>()
  for (const placed of turn.placed) {
    if (!isResult(placed.block)) continue
    const id = placed.block.tool_use_id
    if (!calls.has(id)) {
      const reason = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
      return issueAt(placed, reason)
    }
    if (answered.has(id)) {
      return issueAt(placed, `each tool_use must have a single result: found several with the id ${id}`)
    }
    answered.add(id)
  }
  const open = [...calls].filter(([id]) => !answered.has(id))
  const [first] = open
  if (first === undefined) return undefined
  const reason = `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.map(([id]) => id).join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
  return issueAt(first[1], reason)
}

/** The first turn that does not fit. */
const firstIssue = (messages: ReadonlyArray<Message>): Issue | undefined => {
  const used = new Set<string>()
  let before: Turn | undefined
  for (const turn of turnsOf(messages)) {
    const issue = callIssue(turn, used) ?? resultIssue(turn, callsOf(before))
    if (issue !== undefined) return issue
    before = turn
  }
  return undefined
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
  if (policy === "repair") return Effect.succeed(repairFlow(messages))
  return Effect.fail(invalid(["messages", issue.message, "content", issue.block], issue.reason))
}
