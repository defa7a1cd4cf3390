/**
 * A served turn as the parts that both APIs are made of: a pure state machine under their encoders. Whatever the
 * order of the events, parts come well-formed: opened first, a part of speech ends before the next begins, one end.
 */
import {
  type BlockDelta,
  type ContentBlock,
  eventsOf,
  type JsonObject,
  laterUsage,
  type ModelEvent,
  noUsage,
  type RunBy,
  type ServedEvent,
  type ServedReply,
  type ServedStream,
  type ToolResultBlock,
  type ToolUseBlock,
  type Usage
} from "@signalbox/model"
import { addTokens, noTokens, type Tokens } from "./usage.ts"

/** Thinking as it is kept: readable with its signature, or encrypted. */
export type Thought = Extract<ContentBlock, { type: "thinking" | "redacted_thinking" }>

/** One thing that an encoder has to show. `step` counts the model calls of the turn. */
export type TurnPart =
  | { readonly type: "opened" }
  | { readonly type: "text"; readonly text: string }
  /** What the last `length` characters of the text are taken from. */
  | { readonly type: "cited"; readonly citations: ReadonlyArray<JsonObject>; readonly length: number }
  | { readonly type: "thought_started" }
  | { readonly type: "thought_piece"; readonly text: string }
  | { readonly type: "thought_ended"; readonly thought: Thought }
  /** What the vendor of these APIs has reasoned or searched itself, as it said it. */
  | { readonly type: "foreign"; readonly item: JsonObject }
  | { readonly type: "call_started"; readonly call: ToolUseBlock; readonly source: string | undefined }
  | { readonly type: "call_piece"; readonly text: string }
  /** The whole text of the arguments: `{}` where there was none. */
  | { readonly type: "call_ended"; readonly text: string }
  | { readonly type: "step_ended" }
  | { readonly type: "result"; readonly result: ToolResultBlock; readonly isWaiting?: boolean }
  | { readonly type: "ping" }
  | { readonly type: "ended"; readonly end: TurnEnd }
  | { readonly type: "failed"; readonly error: unknown; readonly requestId: string }

/** How a turn ended. */
export interface TurnEnd {
  readonly stopReason: string
  readonly hasCallerCall: boolean
  readonly tokens: Tokens
  /** Why the model refused, in its own words. */
  readonly refusal: string | undefined
}

/** Where a turn stands. */
export interface TurnState {
  readonly runBy: (toolName: string) => RunBy
  readonly phase: "new" | "open" | "ended"
  readonly step: number
  readonly open: OpenBlock | undefined
  readonly hasCallerCall: boolean
  readonly tokens: Tokens
  readonly stepUsage: Usage
  readonly stop: Extract<ModelEvent, { type: "message_delta" }>["delta"]
}

type OpenBlock =
  | { readonly type: "text"; readonly length: number; readonly citations: ReadonlyArray<JsonObject> }
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "call"; readonly call: ToolUseBlock; readonly text: string }

type Encoded = readonly [TurnState, ReadonlyArray<TurnPart>]

/** The state before anything was said. */
export const startTurn = (turn: Pick<ServedStream, "runBy">): TurnState => ({
  runBy: turn.runBy,
  phase: "new",
  step: 0,
  open: undefined,
  hasCallerCall: false,
  tokens: noTokens,
  stepUsage: noUsage,
  stop: { stop_reason: null, stop_sequence: null }
})

const then = ([state, parts]: Encoded, next: (state: TurnState) => Encoded): Encoded => {
  const [last, more] = next(state)
  return [last, [...parts, ...more]]
}

/** The next state, and the parts to show. After the end, and after a failure, there are none. */
export const turnParts = (state: TurnState, event: ServedEvent): Encoded => {
  if (state.phase === "ended") return [state, []]
  // A stream that is not open yet can still become an answer with a status of its own.
  if (event.type === "ping") return [state, [event]]
  const opened: Encoded = state.phase === "open" ? [state, []] : [{ ...state, phase: "open" }, [{ type: "opened" }]]
  return then(opened, (current) => encode(current, event))
}

const encode = (state: TurnState, event: Exclude<ServedEvent, { type: "ping" }>): Encoded => {
  switch (event.type) {
    case "start":
      return [state, []]
    case "model":
      return encodeModel(state, event.event)
    case "result":
      return [state, [event]]
    case "end":
      return end(state, event.stopReason)
    case "failed":
      return then(closeBlock(state), (closed) => [{ ...closed, phase: "ended" }, [event]])
  }
}

const encodeModel = (state: TurnState, event: ModelEvent): Encoded => {
  switch (event.type) {
    case "message_start":
      return then(closeBlock(state), (closed) => [{ ...closed, stepUsage: event.message.usage }, []])
    case "content_block_start":
      return then(closeBlock(state), (closed) => openBlock(closed, event.content_block))
    case "content_block_delta":
      return encodeDelta(state, event.delta)
    case "content_block_stop":
      return closeBlock(state)
    case "message_delta":
      return [{ ...state, stop: event.delta, stepUsage: laterUsage(state.stepUsage, event.usage) }, []]
    case "message_stop":
      return then(closeBlock(state), endStep)
  }
}

const endStep = (state: TurnState): Encoded => [
  { ...state, step: state.step + 1, tokens: addTokens(state.tokens, state.stepUsage), stepUsage: noUsage },
  [{ type: "step_ended" }]
]

const textPart = (text: string): ReadonlyArray<TurnPart> => (text === "" ? [] : [{ type: "text", text }])

/** What of the vendor's own is shown: clients know the items, and send them back. */
const foreignItems: ReadonlySet<unknown> = new Set(["reasoning", "web_search_call"])

const openBlock = (state: TurnState, block: ContentBlock): Encoded => {
  switch (block.type) {
    case "text":
      return [
        { ...state, open: { type: "text", length: block.text.length, citations: block.citations ?? [] } },
        textPart(block.text)
      ]
    case "thinking": {
      const open = { type: "thinking", thinking: "", signature: block.signature } as const
      return then([{ ...state, open }, [{ type: "thought_started" }]], (started) => think(started, block.thinking))
    }
    case "redacted_thinking":
      return [state, [{ type: "thought_started" }, { type: "thought_ended", thought: block }]]
    case "opaque": {
      const isForeign = block.vendor === "openai" && foreignItems.has(block.block["type"])
      return [state, isForeign ? [{ type: "foreign", item: block.block }] : []]
    }
    case "tool_use":
      return openCall(state, block)
    default:
      return [state, []]
  }
}

const openCall = (state: TurnState, call: ToolUseBlock): Encoded => {
  const runBy = call.runBy ?? state.runBy(call.name)
  const source = runBy._tag === "Host" ? runBy.source : runBy._tag === "Provider" ? "provider" : undefined
  return [
    {
      ...state,
      open: { type: "call", call, text: "" },
      hasCallerCall: state.hasCallerCall || source === undefined
    },
    [{ type: "call_started", call, source }]
  ]
}

const think = (state: TurnState, text: string): Encoded => {
  if (state.open?.type !== "thinking" || text === "") return [state, []]
  const open = { ...state.open, thinking: state.open.thinking + text }
  return [{ ...state, open }, [{ type: "thought_piece", text }]]
}

const encodeDelta = (state: TurnState, delta: BlockDelta): Encoded => {
  switch (delta.type) {
    case "text_delta": {
      const { open } = state
      if (open?.type !== "text") return [state, []]
      return [{ ...state, open: { ...open, length: open.length + delta.text.length } }, textPart(delta.text)]
    }
    case "citations_delta": {
      const { open } = state
      if (open?.type !== "text") return [state, []]
      return [{ ...state, open: { ...open, citations: [...open.citations, delta.citation] } }, []]
    }
    case "thinking_delta":
      return think(state, delta.thinking)
    case "signature_delta":
      return [{ ...state, open: signed(state.open, delta.signature) }, []]
    case "input_json_delta":
      return argue(state, delta.partial_json)
    default:
      return [state, []]
  }
}

const signed = (open: OpenBlock | undefined, signature: string): OpenBlock | undefined =>
  open?.type === "thinking" ? { ...open, signature: open.signature + signature } : open

const argue = (state: TurnState, text: string): Encoded => {
  const { open } = state
  if (open?.type !== "call" || text === "") return [state, []]
  return [{ ...state, open: { ...open, text: open.text + text } }, [{ type: "call_piece", text }]]
}

const closeBlock = (state: TurnState): Encoded => {
  const { open } = state
  if (open === undefined) return [state, []]
  const closed: TurnState = { ...state, open: undefined }
  if (open.type === "text") {
    const { citations, length } = open
    return [closed, citations.length === 0 ? [] : [{ type: "cited", citations, length }]]
  }
  if (open.type === "thinking") {
    const { signature, thinking } = open
    return [closed, [{ type: "thought_ended", thought: { type: "thinking", thinking, signature } }]]
  }
  if (open.text.trim() !== "") return [closed, [{ type: "call_ended", text: open.text }]]
  // Readers parse the arguments, and an empty text is no JSON.
  const rest = open.call.invalidInput ?? JSON.stringify(open.call.input)
  return [
    closed,
    [
      { type: "call_piece", text: rest },
      { type: "call_ended", text: `${open.text}${rest}` }
    ]
  ]
}

const end = (before: TurnState, stopReason: string | undefined): Encoded =>
  then(closeBlock(before), (state) => {
    const { hasCallerCall, stepUsage, stop, tokens } = state
    const refusal = stop.stop_details?.["explanation"]
    const ended: TurnEnd = {
      stopReason: stopReason ?? stop.stop_reason ?? "end_turn",
      hasCallerCall,
      tokens: addTokens(tokens, stepUsage),
      refusal: typeof refusal === "string" && refusal !== "" ? refusal : undefined
    }
    return [{ ...state, phase: "ended" }, [{ type: "ended", end: ended }]]
  })

/** A turn that is over, as what happened in it: whole answers are made by the encoders of streams. */
export const servedEvents = (turn: Pick<ServedReply, "steps" | "stopReason">): ReadonlyArray<ServedEvent> => {
  const happened = turn.steps.flatMap(({ reply, results, waiting }): ReadonlyArray<ServedEvent> => {
    const answered = new Set(results.map((result) => result.tool_use_id))
    const content = reply.content.map((block): ContentBlock => {
      const isOurs = block.type === "tool_use" && answered.has(block.id) && block.runBy?._tag !== "Host"
      return isOurs ? { ...block, runBy: { _tag: "Host", source: "signalbox" } } : block
    })
    return [
      ...eventsOf({ ...reply, content }).map((event): ServedEvent => ({ type: "model", event })),
      ...results.map((result): ServedEvent => ({
        type: "result",
        result,
        ...(waiting?.has(result.tool_use_id) === true ? { isWaiting: true } : {})
      }))
    ]
  })
  return [...happened, { type: "end", ...(turn.stopReason === undefined ? {} : { stopReason: turn.stopReason }) }]
}
