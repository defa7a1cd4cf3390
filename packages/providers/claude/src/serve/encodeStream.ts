/**
 * A turn as one stream of Messages events: a pure state machine, fed with what the turn loop reports.
 * Blocks of all steps are renumbered 0, 1, 2 … and never overlap, because the official stream helpers append
 * a block on its start and address it by index; a result that arrives while a step still speaks waits for its end.
 */
import {
  type BlockDelta,
  type ContentBlock,
  type JsonObject,
  laterUsage,
  type ModelEvent,
  noUsage,
  type ServedEvent,
  type ServedStream,
  type ToolResultBlock,
  type ToolUseBlock,
  type Usage,
  withInputText
} from "@signalbox/model"
import { vendor } from "../blocks.ts"
import type { EventWire } from "../wire/reply.ts"
import { brokenInput, streamedBroken } from "./brokenInput.ts"
import { errorBody } from "./encodeError.ts"
import { hostCallBlock, hostResultBlock } from "./hostCalls.ts"
import { servedStopReason, shownBlock } from "./encodeReply.ts"
import { sumUsage, usageWire } from "./usage.ts"

/** Where a stream stands. Make one with `startStream`. */
export interface StreamState {
  readonly turn: ServedStream
  /** `new`: nothing was sent, so that a failure can still be a status of its own. */
  readonly phase: "new" | "open" | "ended"
  readonly isInStep: boolean
  readonly nextIndex: number
  readonly open: OpenBlock | undefined
  readonly waiting: ReadonlyArray<ToolResultBlock>
  /** Of the steps before, and of the one that is running. */
  readonly spent: Usage
  readonly stepUsage: Usage
  readonly stop: Extract<ModelEvent, { type: "message_delta" }>["delta"]
  /** Fields that the API has beside those of the vocabulary. */
  readonly own: JsonObject
  readonly hasCallerCall: boolean
  /** The tool of the caller's whose arguments were shown in part when they turned out to be broken. */
  readonly brokenCall: string | undefined
}

interface OpenBlock {
  /** Absent for a block that this wire has no word for, and for a call that is held back. */
  readonly index: number | undefined
  /** A call of the host whose arguments are still arriving. */
  readonly held: HeldCall | undefined
  /** A call of the caller's, and the text of its arguments so far. */
  readonly call: { readonly name: string; readonly text: string } | undefined
}

interface HeldCall {
  readonly call: ToolUseBlock
  readonly source: string
  /** The text of the arguments so far. */
  readonly text: string
}

type Encoded = readonly [StreamState, ReadonlyArray<EventWire>]

/** The state before anything was sent. */
export const startStream = (turn: ServedStream): StreamState => ({
  turn,
  phase: "new",
  isInStep: false,
  nextIndex: 0,
  open: undefined,
  waiting: [],
  spent: noUsage,
  stepUsage: noUsage,
  stop: { stop_reason: null, stop_sequence: null },
  own: {},
  hasCallerCall: false,
  brokenCall: undefined
})

/** The next state, and the events to send. After the end, and after a failure, there are none. */
export const encodeStream = (state: StreamState, input: ServedEvent): Encoded => {
  if (state.phase === "ended") return [state, []]
  switch (input.type) {
    case "start":
      return open(state, { input_tokens: input.inputTokens, output_tokens: 0 })
    case "model":
      return encodeEvent(state, input.event)
    case "result":
      return state.isInStep
        ? [{ ...state, waiting: [...state.waiting, input.result] }, []]
        : showResults(state, [input.result])
    case "ping":
      return [state, [{ type: "ping" }]]
    case "end":
      return end(state, input.stopReason)
    case "failed":
      return [{ ...state, phase: "ended" }, [errorBody(input.error, input.requestId)]]
  }
}

/** One event as it goes over the wire. Every event needs its `event:` line: official clients drop those without. */
export const renderEvent = (event: EventWire): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const open = (state: StreamState, usage: Usage): Encoded => {
  if (state.phase !== "new") return [state, []]
  const { id, model } = state.turn
  const message = {
    id,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: usageWire(usage)
  } as const
  return [{ ...state, phase: "open" }, [{ type: "message_start", message }]]
}

const then = ([state, events]: Encoded, next: (state: StreamState) => Encoded): Encoded => {
  const [last, more] = next(state)
  return [last, [...events, ...more]]
}

const encodeEvent = (state: StreamState, event: ModelEvent): Encoded => {
  switch (event.type) {
    case "message_start":
      return open({ ...state, isInStep: true, stepUsage: event.message.usage }, event.message.usage)
    case "content_block_start":
      return then(closeBlock(state), (closed) => openBlock(closed, event.content_block))
    case "content_block_delta":
      return encodeDelta(state, event.delta)
    case "content_block_stop":
      return closeBlock(state)
    case "message_delta": {
      const stepUsage = laterUsage(state.stepUsage, event.usage)
      return [{ ...state, stop: event.delta, own: { ...state.own, ...event.vendor?.[vendor] }, stepUsage }, []]
    }
    case "message_stop":
      return then(closeBlock(state), endStep)
  }
}

const endStep = (state: StreamState): Encoded => {
  const spent = sumUsage(state.spent, state.stepUsage)
  return showResults({ ...state, isInStep: false, spent, stepUsage: noUsage, waiting: [] }, state.waiting)
}

const openBlock = (state: StreamState, block: ContentBlock): Encoded => {
  const runBy = block.type === "tool_use" ? (block.runBy ?? state.turn.runBy(block.name)) : undefined
  if (block.type === "tool_use" && runBy?._tag === "Host") {
    const held = { call: block, source: runBy.source, text: "" }
    return [{ ...state, open: { index: undefined, held, call: undefined } }, []]
  }
  const shown = shownBlock(block)
  if (shown === undefined) return [{ ...state, open: { index: undefined, held: undefined, call: undefined } }, []]
  const index = state.nextIndex
  const hasCallerCall = state.hasCallerCall || shown["type"] === "tool_use"
  const call = block.type === "tool_use" ? { name: block.name, text: "" } : undefined
  return [
    { ...state, nextIndex: index + 1, hasCallerCall, open: { index, held: undefined, call } },
    [{ type: "content_block_start", index, content_block: shown }]
  ]
}

const encodeDelta = (state: StreamState, delta: BlockDelta): Encoded => {
  const { open } = state
  if (open?.held !== undefined) {
    const piece = delta.type === "input_json_delta" ? delta.partial_json : ""
    const held = { ...open.held, text: open.held.text + piece }
    return [{ ...state, open: { ...open, held } }, []]
  }
  if (open?.index === undefined) return [state, []]
  const { call, index } = open
  const event = (shown: JsonObject): EventWire => ({ type: "content_block_delta", index, delta: shown })
  if (delta.type === "opaque_delta") return [state, [event(delta.delta)]]
  if (delta.type !== "input_json_delta" || call === undefined) return [state, [event(delta)]]
  const text = call.text + delta.partial_json
  // What begins like anything but an object is told when all of it is there.
  return [{ ...state, open: { ...open, call: { ...call, text } } }, isNoObject(text) ? [] : [event(delta)]]
}

const isNoObject = (text: string): boolean => /^\s*[^\s{]/.test(text)

const closeBlock = (state: StreamState): Encoded => {
  if (state.open === undefined) return [state, []]
  const { call, held, index } = state.open
  const closed = { ...state, open: undefined }
  if (held !== undefined) return [{ ...closed, nextIndex: state.nextIndex + 1 }, wholeCall(state.nextIndex, held)]
  if (index === undefined) return [closed, []]
  const stop = { type: "content_block_stop", index } as const
  const broken = call === undefined ? undefined : brokenInput(call.text)
  if (call === undefined || broken === undefined) return [closed, [stop]]
  if (!isNoObject(call.text)) return [{ ...closed, brokenCall: state.brokenCall ?? call.name }, [stop]]
  const delta = { type: "input_json_delta", partial_json: JSON.stringify(broken) }
  return [closed, [{ type: "content_block_delta", index, delta }, stop]]
}

/**
 * A call of the host, once its arguments are complete: all of them stand in the start of the block. Official clients keep them
 * from there, and Claude Code takes a stream for broken that has arguments in pieces for any call but the caller's own.
 */
const wholeCall = (index: number, { call, source, text }: HeldCall): ReadonlyArray<EventWire> => [
  {
    type: "content_block_start",
    index,
    // Arguments that are no object are left out; the model is told by the tool's result.
    content_block: hostCallBlock({ ...call, input: withInputText(call, text).input }, source)
  },
  { type: "content_block_stop", index }
]

/** Complete blocks: results are not streamed in pieces. */
const showResults = (state: StreamState, results: ReadonlyArray<ToolResultBlock>): Encoded => [
  { ...state, nextIndex: state.nextIndex + results.length },
  results.flatMap((result, offset): ReadonlyArray<EventWire> => {
    const index = state.nextIndex + offset
    return [
      { type: "content_block_start", index, content_block: hostResultBlock(result) },
      { type: "content_block_stop", index }
    ]
  })
]

const end = (before: StreamState, stopReason: string | undefined): Encoded => {
  const opened = then(open(before, before.spent), closeBlock)
  return then(then(opened, endStep), (state) => {
    const { container, ...rest } = state.own
    const stop_reason = servedStopReason(stopReason ?? state.stop.stop_reason ?? "end_turn", state.hasCallerCall)
    if (state.brokenCall !== undefined && stop_reason === "tool_use") {
      return [{ ...state, phase: "ended" }, [errorBody(streamedBroken(state.brokenCall))]]
    }
    return [
      { ...state, phase: "ended" },
      [
        {
          type: "message_delta",
          ...rest,
          delta: { stop_details: null, ...(container === undefined ? {} : { container }), ...state.stop, stop_reason },
          usage: usageWire(state.spent)
        },
        { type: "message_stop" }
      ]
    ]
  })
}
