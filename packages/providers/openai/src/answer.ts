/**
 * An answer as far as it has come, whichever API it is in: its blocks in order, and what decides how it ends.
 * Every step is a pure function from one state to the next, with the events that it gives.
 */
import { type JsonObject, type ModelEvent, sealThought, type Usage, withInputText } from "@signalbox/model"
import {
  addCallPiece,
  addCitation,
  addForeign,
  addHidden,
  addText,
  addThought,
  type BlockQueue,
  type CallPiece,
  closeAll,
  emptyQueue,
  endLast,
  type Labels
} from "./BlockQueue.ts"
import type { Asked } from "./errors.ts"

/** What a decoder must know of a request. */
export interface DecodeSettings extends Asked {
  /** What the names in the request stand for. */
  readonly toolNames: ReadonlyMap<string, string>
  /** Ids of the calls in the conversation so far: some servers count from `call_0` in every answer. */
  readonly usedIds: ReadonlyArray<string>
  /** Makes ids of calls that came without a free one unique in their conversation. */
  readonly salt: string
  /** Stands in where the server counts no tokens. */
  readonly estimatedInputTokens: number
  /** Whether the text may begin with thoughts between tags. */
  readonly hasThinkTags: boolean
}

/** The part of a decoder's state that both APIs have. */
export interface Answer {
  readonly queue: BlockQueue
  readonly hasRefusal: boolean
  readonly hasCall: boolean
  /** Whether the arguments of a call do not make an object: cut off, or never one. */
  readonly hasBrokenCall: boolean
  /** Of the conversation and of this answer. */
  readonly callIds: ReadonlyArray<string>
  readonly outputLength: number
}

export const newAnswer = ({ usedIds }: DecodeSettings): Answer => ({
  queue: emptyQueue,
  hasRefusal: false,
  hasCall: false,
  hasBrokenCall: false,
  callIds: usedIds,
  outputLength: 0
})

/** A rough count where the server gives none: about four characters make a token. */
export const estimateTokens = (length: number): number => Math.max(1, Math.ceil(length / 4))

/** An answer and the events of the steps so far. */
export type Told = readonly [Answer, ReadonlyArray<ModelEvent>]

const labelsOf = (settings: DecodeSettings, answer: Answer): Labels => ({
  seal: (details) => sealThought(settings.provider, { details }),
  nameOf: (sent) => settings.toolNames.get(sent) ?? sent,
  // The same id for two calls would give one of them the other's result.
  idOf: (call, index) => {
    const { wireId } = call
    const isFree = wireId !== undefined && wireId !== "" && !answer.callIds.includes(wireId)
    return isFree ? wireId : `call_${settings.salt}_${index}`
  }
})

type Step = (queue: BlockQueue, labels: Labels) => readonly [BlockQueue, ReadonlyArray<ModelEvent>]

const step = (answer: Answer, settings: DecodeSettings, length: number, change: Step): Told => {
  const [queue, events] = change(answer.queue, labelsOf(settings, answer))
  const ids = events.flatMap((event) =>
    event.type === "content_block_start" && event.content_block.type === "tool_use" ? [event.content_block.id] : []
  )
  const callIds = ids.length === 0 ? answer.callIds : [...answer.callIds, ...ids]
  return [{ ...answer, queue, callIds, outputLength: answer.outputLength + length }, events]
}

/** One thing that a server says. */
export type Saying =
  | { readonly type: "text" | "thinking"; readonly text: string }
  /** Reasoning that the server wants back, with its text. */
  | { readonly type: "thought"; readonly text: string; readonly detail: Readonly<Record<string, unknown>> }
  | { readonly type: "hidden"; readonly detail: Readonly<Record<string, unknown>> }
  /** Something of the server's own that is kept as it is. */
  | { readonly type: "foreign"; readonly item: JsonObject }
  /** Where the text before it is from. */
  | { readonly type: "citation"; readonly citation: JsonObject }
  | { readonly type: "call"; readonly piece: CallPiece }
  /** What comes next is another block. */
  | { readonly type: "end" }

const say = (answer: Answer, saying: Saying, settings: DecodeSettings): Told => {
  switch (saying.type) {
    case "text":
    case "thinking": {
      const { text, type } = saying
      return step(answer, settings, text.length, (queue, labels) => addText(queue, type, text, labels))
    }
    case "thought": {
      const { detail, text } = saying
      return step(answer, settings, text.length, (queue, labels) => addThought(queue, text, detail, labels))
    }
    case "hidden":
      return step(answer, settings, 0, (queue, labels) => addHidden(queue, saying.detail, labels))
    case "foreign":
      return step(answer, settings, 0, (queue, labels) => addForeign(queue, saying.item, labels))
    case "citation":
      return [{ ...answer, queue: addCitation(answer.queue, saying.citation) }, []]
    case "call": {
      const { piece } = saying
      const called = { ...answer, hasCall: true }
      return step(called, settings, piece.text.length, (queue, labels) => addCallPiece(queue, piece, labels))
    }
    case "end":
      return [{ ...answer, queue: endLast(answer.queue) }, []]
  }
}

/** Says one thing after another. */
export const sayAll = (answer: Answer, sayings: ReadonlyArray<Saying>, settings: DecodeSettings): Told => {
  const events: Array<ModelEvent> = []
  let current = answer
  for (const saying of sayings) {
    const [next, more] = say(current, saying, settings)
    current = next
    events.push(...more)
  }
  return [current, events]
}

const isBroken = (text: string): boolean =>
  withInputText({ type: "tool_use", id: "", name: "", input: {} }, text).invalidInput !== undefined

/** Closes all blocks one by one: each call's id must be known before the next is labelled. */
export const closeBlocks = (before: Answer, settings: DecodeSettings): Told => {
  const events: Array<ModelEvent> = []
  const hasBrokenCall =
    before.hasBrokenCall || before.queue.blocks.some((block) => block.kind === "tool" && isBroken(block.whole))
  let answer: Answer = { ...before, hasBrokenCall }
  while (answer.queue.blocks.length > 0) {
    const [first, ...rest] = answer.queue.blocks
    if (first === undefined) break
    const [closed, more] = step(answer, settings, 0, (queue, labels) => closeAll({ ...queue, blocks: [first] }, labels))
    answer = { ...closed, queue: { ...closed.queue, blocks: rest } }
    events.push(...more)
  }
  return [answer, events]
}

/** Decided by the blocks, whatever word the server ends with: some say `stop` with calls, some `tool_calls` without. */
export const stopReason = (answer: Answer, isCut: boolean, isFiltered: boolean): string => {
  if (isCut && (answer.hasBrokenCall || !answer.hasCall)) return "max_tokens"
  if (answer.hasCall) return "tool_use"
  return answer.hasRefusal || isFiltered ? "refusal" : "end_turn"
}

/** What both APIs count, by names that stand in neither; `input` includes what was read from or written to a cache. */
export interface Counts {
  readonly input: number | null | undefined
  readonly output: number | null | undefined
  readonly read: number | null | undefined
  readonly written: number | null | undefined
  readonly reasoning: number | null | undefined
}

/** Counts in the vocabulary, estimated where one is missing; what else the vendor says stands beside. */
export const usageOf = (
  { input, output, read, reasoning, written }: Counts,
  counted: JsonObject,
  renamed: ReadonlySet<string>,
  estimated: Usage
): Usage => {
  const own = Object.entries(counted).filter(([name, value]) => !renamed.has(name) && value !== null)
  return {
    ...Object.fromEntries(own),
    input_tokens: Math.max(0, (input ?? estimated.input_tokens) - (read ?? 0) - (written ?? 0)),
    output_tokens: output ?? estimated.output_tokens,
    cache_read_input_tokens: read ?? 0,
    cache_creation_input_tokens: written ?? 0,
    ...((reasoning ?? 0) === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoning } })
  }
}
