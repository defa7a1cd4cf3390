/**
 * Blocks of an answer in the order in which they began, of which only the first streams.
 * Chat servers send pieces of several tool calls alternately, while the vocabulary's blocks never overlap:
 * what comes for a later block waits until those before it are closed. Pure values; each step gives events.
 */
import type { ContentBlock, ModelEvent } from "@signalbox/model"

/** One block. A tool call opens when its name is known to be whole: with its first argument, or when it is closed. */
export interface QueuedBlock {
  readonly kind: "text" | "thinking" | "tool"
  readonly isOpen: boolean
  /** Text that has come and was not sent yet. */
  readonly waiting: string
  /** All argument text of a tool call. */
  readonly whole: string
  /** The number and the id by which the server tells its calls apart. */
  readonly wireIndex: number | undefined
  readonly wireId: string | undefined
  readonly name: string
}

/** The blocks that are not closed, and the number of the next one to open. */
export interface BlockQueue {
  readonly blocks: ReadonlyArray<QueuedBlock>
  readonly nextIndex: number
}

type Streamed = readonly [BlockQueue, ReadonlyArray<ModelEvent>]

/** How calls are shown: the names that they were offered under, and ids where the server sent none. */
export interface CallLabels {
  readonly nameOf: (sentName: string) => string
  readonly idOf: (call: QueuedBlock, index: number) => string
}

export const emptyQueue: BlockQueue = { blocks: [], nextIndex: 0 }

const newBlock = (kind: QueuedBlock["kind"]): QueuedBlock => ({
  kind,
  isOpen: false,
  waiting: "",
  whole: "",
  wireIndex: undefined,
  wireId: undefined,
  name: ""
})

const opening = (block: QueuedBlock, index: number, labels: CallLabels): ContentBlock => {
  if (block.kind === "text") return { type: "text", text: "" }
  if (block.kind === "thinking") return { type: "thinking", thinking: "", signature: "" }
  return { type: "tool_use", id: labels.idOf(block, index), name: labels.nameOf(block.name), input: {} }
}

const piece = (kind: QueuedBlock["kind"], text: string) => {
  if (kind === "text") return { type: "text_delta", text } as const
  return kind === "thinking"
    ? ({ type: "thinking_delta", thinking: text } as const)
    : ({ type: "input_json_delta", partial_json: text } as const)
}

/** Sends what waits in the first block, opening it if need be. */
const streamFirst = (queue: BlockQueue, labels: CallLabels): Streamed => {
  const [first, ...rest] = queue.blocks
  if (first === undefined || first.waiting === "") return [queue, []]
  // Arguments that come before the name of their tool wait for it.
  if (first.kind === "tool" && first.name === "") return [queue, []]
  const index = queue.nextIndex
  const events: Array<ModelEvent> = []
  if (!first.isOpen) events.push({ type: "content_block_start", index, content_block: opening(first, index, labels) })
  events.push({ type: "content_block_delta", index, delta: piece(first.kind, first.waiting) })
  return [{ ...queue, blocks: [{ ...first, isOpen: true, waiting: "" }, ...rest] }, events]
}

/** Closes the first block, with all that waited in it, and opens the way for the next. A call that got no name gets one that nobody has. */
const closeFirst = (given: BlockQueue, labels: CallLabels): Streamed => {
  const nameless = given.blocks[0]
  const queue =
    nameless?.kind === "tool" && nameless.name === ""
      ? { ...given, blocks: given.blocks.with(0, { ...nameless, name: "unnamed_tool" }) }
      : given
  const [streamed, events] = streamFirst(queue, labels)
  const [first, ...rest] = streamed.blocks
  if (first === undefined) return [streamed, events]
  const index = streamed.nextIndex
  const start: ReadonlyArray<ModelEvent> = first.isOpen
    ? []
    : [{ type: "content_block_start", index, content_block: opening(first, index, labels) }]
  return [{ blocks: rest, nextIndex: index + 1 }, [...events, ...start, { type: "content_block_stop", index }]]
}

/** A text or a thought is over when anything else begins; a call may go on until the answer ends. */
const advance = (queue: BlockQueue, labels: CallLabels): Streamed => {
  let current = queue
  const events: Array<ModelEvent> = []
  while (current.blocks.length > 1 && current.blocks[0]?.kind !== "tool") {
    const [next, more] = closeFirst(current, labels)
    current = next
    events.push(...more)
  }
  const [streamed, more] = streamFirst(current, labels)
  return [streamed, [...events, ...more]]
}

/** Adds text or reasoning: to the block that came last if it is of this kind, else as a block of its own. */
export const addText = (queue: BlockQueue, kind: "text" | "thinking", text: string, labels: CallLabels): Streamed => {
  if (text === "") return [queue, []]
  const last = queue.blocks.at(-1)
  const isSame = last?.kind === kind
  const block = isSame ? last : newBlock(kind)
  const before = isSame ? queue.blocks.slice(0, -1) : queue.blocks
  return advance({ ...queue, blocks: [...before, { ...block, waiting: block.waiting + text }] }, labels)
}

/** A piece of a tool call as a server sends it. */
export interface CallPiece {
  readonly index: number | undefined
  readonly id: string
  readonly name: string
  readonly text: string
}

const isKnown = (text: string | undefined): text is string => text !== undefined && text !== ""

/** Where the call with this number is; -1 for a new one. */
const findByIndex = (blocks: ReadonlyArray<QueuedBlock>, given: CallPiece): number => {
  const sameIndex = blocks.findLastIndex((block) => block.kind === "tool" && block.wireIndex === given.index)
  const found = blocks[sameIndex]
  // Some servers give every call the number 0: another id with a name is another call.
  const isOther = isKnown(found?.wireId) && given.id !== "" && found.wireId !== given.id && given.name !== ""
  return isOther ? -1 : sameIndex
}

/** Where the call is that a piece belongs to; -1 for a new one. */
const findCall = (blocks: ReadonlyArray<QueuedBlock>, given: CallPiece): number => {
  if (given.index !== undefined) return findByIndex(blocks, given)
  if (given.id !== "") return blocks.findIndex((block) => block.kind === "tool" && block.wireId === given.id)
  const lastCall = blocks.findLastIndex((block) => block.kind === "tool")
  // Without number and id, a name begins a call once the last one has its name and arguments.
  return given.name !== "" && blocks[lastCall]?.whole !== "" ? -1 : lastCall
}

/** Adds a piece of a tool call. */
export const addCallPiece = (queue: BlockQueue, given: CallPiece, labels: CallLabels): Streamed => {
  const at = findCall(queue.blocks, given)
  const call = queue.blocks[at] ?? { ...newBlock("tool"), wireIndex: given.index }
  const isRepeated = given.id !== "" && given.id === call.wireId && given.name === call.name
  const named: QueuedBlock = {
    ...call,
    wireId: isKnown(call.wireId) ? call.wireId : given.id === "" ? undefined : given.id,
    // Names may come in pieces, but not after the arguments have begun; some servers repeat them with each piece.
    name: isRepeated || (call.whole !== "" && call.name !== "") ? call.name : call.name + given.name,
    whole: call.whole + given.text,
    waiting: call.waiting + given.text
  }
  const blocks = at < 0 ? [...queue.blocks, named] : queue.blocks.with(at, named)
  return advance({ ...queue, blocks }, labels)
}

/** Closes everything, in order. */
export const closeAll = (queue: BlockQueue, labels: CallLabels): Streamed => {
  let current = queue
  const events: Array<ModelEvent> = []
  while (current.blocks.length > 0) {
    const [next, more] = closeFirst(current, labels)
    current = next
    events.push(...more)
  }
  return [current, events]
}
