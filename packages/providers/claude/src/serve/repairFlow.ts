/**
 * A conversation in which calls and results fit together, made of one in which they do not. Nothing is reordered and
 * nothing that was said is lost: calls without a result get an error, results without a call are told as text, and
 * an id that was used before becomes another one, in the call and in its result.
 */
import { type ContentBlock, lostResult, type Message, type ToolResultBlock, type ToolUseBlock } from "@signalbox/model"

/** A call that waits for its result: the id that the result names, and the one that is sent. */
interface OpenCall {
  readonly given: string
  readonly id: string
}

interface Mending {
  readonly used: Set<string>
  open: Array<OpenCall>
}

const lost = ({ id }: OpenCall): ToolResultBlock => lostResult(id)

/** A result whose call is not there is told in words, where it has some. */
const asText = ({ content, tool_use_id }: ToolResultBlock): ReadonlyArray<ContentBlock> => {
  const head = { type: "text", text: `[The result of a call that is not here, ${tool_use_id}:]` } as const
  return typeof content === "string" ? [head, { type: "text", text: content }] : [head, ...(content ?? [])]
}

const unusedId = (id: string, used: ReadonlySet<string>): string => {
  for (let count = 2; ; count++) if (!used.has(`${id}_${count}`)) return `${id}_${count}`
}

const mendCall = (mending: Mending, block: ToolUseBlock): ToolUseBlock => {
  const isFine = block.id !== "" && !mending.used.has(block.id)
  const id = isFine ? block.id : unusedId(block.id === "" ? "toolu" : block.id, mending.used)
  mending.used.add(id)
  mending.open.push({ given: block.id, id })
  return isFine ? block : { ...block, id }
}

const mendResult = (mending: Mending, block: ToolResultBlock): ReadonlyArray<ContentBlock> => {
  const found = mending.open.find(({ given }) => given === block.tool_use_id)
  if (found === undefined) return asText(block)
  mending.open = mending.open.filter((call) => call !== found)
  return [found.id === block.tool_use_id ? block : { ...block, tool_use_id: found.id }]
}

const mendBlock = (mending: Mending, block: ContentBlock, role: Message["role"]): ReadonlyArray<ContentBlock> => {
  if (block.type === "tool_use" && role === "assistant") return [mendCall(mending, block)]
  if (block.type !== "tool_result") return [block]
  return role === "user" ? mendResult(mending, block) : asText(block)
}

/** Whether results follow in a later message of the user's same turn. */
const answersFollow = (messages: ReadonlyArray<Message>): boolean => {
  const next = messages.find(({ role }) => role !== "system")
  return next?.role === "user" && next.content.some(({ type }) => type === "tool_result")
}

/** The results that nobody gave come behind those that somebody gave: the API wants results first. */
const withLost = (mending: Mending, content: ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> => {
  const other = content.findIndex(({ type }) => type !== "tool_result")
  const end = other === -1 ? content.length : other
  const missing = mending.open.map(lost)
  mending.open = []
  return [...content.slice(0, end), ...missing, ...content.slice(end)]
}

/** The mended conversation; messages in which nothing is wrong are the same. */
export const repairFlow = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const mending: Mending = { used: new Set(), open: [] }
  return messages.map((message, index) => {
    const { role } = message
    const mended = message.content.flatMap((block) => mendBlock(mending, block, role))
    const isLast = role === "user" && mending.open.length > 0 && !answersFollow(messages.slice(index + 1))
    const content = isLast ? withLost(mending, mended) : mended
    const isSame =
      content.length === message.content.length && content.every((each, at) => each === message.content[at])
    return isSame ? message : { ...message, content }
  })
}
