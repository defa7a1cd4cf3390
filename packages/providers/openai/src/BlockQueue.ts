/**
 * Blocks of an answer in the order in which they began, of which only the first streams.
 * Chat servers send pieces of several tool calls alternately, while the vocabulary's blocks never overlap:
 * what comes for a later block waits until those before it are closed. Pure values; each step gives events.
 */
import type { BlockDelta, ContentBlock, JsonObject, ModelEvent } from "@signalbox/model"

/** One block. A tool call opens when its name is known to be whole: with its first argument, or when it is closed. */
export interface QueuedBlock {
  readonly kind: "text" | "thinking" | "hidden" | "foreign" | "tool"
  readonly isOpen: boolean
  /** Whether what comes next is another block, even if it is of this kind. */
  readonly isEnded: boolean
  /** Text that has come and was not sent yet. */
  readonly waiting: string
  /** All argument text of a tool call. */
  readonly whole: string
  /** The number and the id by which the server tells its calls apart. */
  readonly wireIndex: number | undefined
  readonly wireId: string | undefined
  readonly name: string
  /** What the server wants back of a thought; a hidden one, or a foreign item, is nothing else. Of a text: citations. */
  readonly details: ReadonlyArray<JsonObject>
}

/** The blocks that are not closed, and the number of the next one to open. */
export interface BlockQueue {
  readonly blocks: ReadonlyArray<QueuedBlock>
  readonly nextIndex: number
}

type Streamed = readonly [BlockQueue, ReadonlyArray<ModelEvent>]

/** How calls are shown: the names that they were offered under, and ids where the server sent none; and what thoughts carry. */
export interface Labels {
  readonly seal: (details: ReadonlyArray<JsonObject>) => string
  readonly nameOf: (sentName: string) => string
  readonly idOf: (call: QueuedBlock, index: number) => string
}

export const emptyQueue: BlockQueue = { blocks: [], nextIndex: 0 }

const newBlock = (kind: QueuedBlock["kind"]): QueuedBlock => ({
  kind,
  isOpen: false,
  isEnded: false,
  waiting: "",
  whole: "",
  wireIndex: undefined,
  wireId: undefined,
  name: "",
  details: []
})

const opening = (block: QueuedBlock, index: number, labels: Labels): ContentBlock => {
  if (block.kind === "text") return { type: "text", text: "" }
  if (block.kind === "thinking") return { type: "thinking", thinking: "", signature: "" }
  if (block.kind === "foreign") return { type: "opaque", vendor: "openai", block: block.details[0] ?? {} }
  if (block.kind === "hidden") return { type: "redacted_thinking", data: labels.seal(block.details) }
  return { type: "tool_use", id: labels.idOf(block, index), name: labels.nameOf(block.name), input: {} }
}

const piece = (kind: QueuedBlock["kind"], text: string) => {
  if (kind === "text") return { type: "text_delta", text } as const
  return kind === "thinking"
    ? ({ type: "thinking_delta", thinking: text } as const)
    : ({ type: "input_json_delta", partial_json: text } as const)
}

/** Sends what waits in the first block, opening it if need be. */
const streamFirst = (queue: BlockQueue, labels: Labels): Streamed => {
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

/** What a block ends with: a thought with its seal, a text with where it is from. */
const closingDeltas = ({ details, kind }: QueuedBlock, labels: Labels): ReadonlyArray<BlockDelta> => {
  if (kind === "thinking") return [{ type: "signature_delta", signature: labels.seal(details) }]
  return kind === "text" ? details.map((citation) => ({ type: "citations_delta", citation })) : []
}

/** Closes the first block, with all that waited in it, and opens the way for the next. A call that got no name gets one that nobody has. */
const closeFirst = (given: BlockQueue, labels: Labels): Streamed => {
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
  const closing = closingDeltas(first, labels).map((delta): ModelEvent => ({
    type: "content_block_delta",
    index,
    delta
  }))
  return [
    { blocks: rest, nextIndex: index + 1 },
    [...events, ...start, ...closing, { type: "content_block_stop", index }]
  ]
}

/** A text or a thought is over when anything else begins; a call may go on until the answer ends. */
const advance = (queue: BlockQueue, labels: Labels): Streamed => {
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

/** Changes the block that came last if it is of this kind and not ended, else adds one. */
const changeLast = (
  queue: BlockQueue,
  kind: QueuedBlock["kind"],
  change: (block: QueuedBlock) => QueuedBlock,
  labels: Labels
): Streamed => {
  const last = queue.blocks.at(-1)
  const isSame = last?.kind === kind && !last.isEnded
  const before = isSame ? queue.blocks.slice(0, -1) : queue.blocks
  return advance({ ...queue, blocks: [...before, change(isSame ? last : newBlock(kind))] }, labels)
}

/** Adds text or reasoning: to the block that came last if it is of this kind, else as a block of its own. */
export const addText = (queue: BlockQueue, kind: "text" | "thinking", text: string, labels: Labels): Streamed =>
  text === "" ? [queue, []] : changeLast(queue, kind, (block) => ({ ...block, waiting: block.waiting + text }), labels)

const joinedField = (name: string, before: JsonObject, next: JsonObject): JsonObject =>
  typeof before[name] === "string" && typeof next[name] === "string" ? { [name]: `${before[name]}${next[name]}` } : {}

/** Pieces of one detail become the detail; whole ones follow each other. */
const joinDetails = (details: ReadonlyArray<JsonObject>, next: JsonObject): ReadonlyArray<JsonObject> => {
  const before = details.at(-1)
  const isPiece = before?.["type"] === next["type"] && before?.["index"] === next["index"]
  if (before === undefined || !isPiece) return [...details, next]
  const given = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null && value !== undefined))
  const whole = { ...before, ...given, ...joinedField("text", before, next), ...joinedField("summary", before, next) }
  return [...details.slice(0, -1), whole]
}

/** Adds a piece of reasoning that the server wants back, with its text as far as it may be read. */
export const addThought = (queue: BlockQueue, text: string, detail: JsonObject, labels: Labels): Streamed =>
  changeLast(
    queue,
    "thinking",
    (block) => ({ ...block, waiting: block.waiting + text, details: joinDetails(block.details, detail) }),
    labels
  )

/** Adds reasoning that nobody may read. */
export const addHidden = (queue: BlockQueue, detail: JsonObject, labels: Labels): Streamed =>
  advance({ ...queue, blocks: [...queue.blocks, { ...newBlock("hidden"), isEnded: true, details: [detail] }] }, labels)

/** Adds something of the server's own that is kept as it is. */
export const addForeign = (queue: BlockQueue, item: JsonObject, labels: Labels): Streamed =>
  advance({ ...queue, blocks: [...queue.blocks, { ...newBlock("foreign"), isEnded: true, details: [item] }] }, labels)

/** Adds where the text is from that came last, if it is still open. */
export const addCitation = (queue: BlockQueue, citation: JsonObject): BlockQueue => {
  const at = queue.blocks.findLastIndex(({ kind }) => kind === "text")
  const text = queue.blocks[at]
  if (text === undefined) return queue
  return { ...queue, blocks: queue.blocks.with(at, { ...text, details: [...text.details, citation] }) }
}

/** Ends the block that came last: the server has begun another one. */
export const endLast = (queue: BlockQueue): BlockQueue => {
  const last = queue.blocks.at(-1)
  return last === undefined ? queue : { ...queue, blocks: [...queue.blocks.slice(0, -1), { ...last, isEnded: true }] }
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
export const addCallPiece = (queue: BlockQueue, given: CallPiece, labels: Labels): Streamed => {
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
export const closeAll = (queue: BlockQueue, labels: Labels): Streamed => {
  let current = queue
  const events: Array<ModelEvent> = []
  while (current.blocks.length > 0) {
    const [next, more] = closeFirst(current, labels)
    current = next
    events.push(...more)
  }
  return [current, events]
}
