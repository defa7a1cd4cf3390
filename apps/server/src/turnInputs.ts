/**
 * The events of a turn as what the encoder of the wire has to know. Two things differ from what the loop says:
 * a call of the host begins with all of its arguments, and nothing answers a call of the caller's tools but
 * the caller.
 */
import { type TurnEvent, toolResultBlock } from "@signalbox/conversation"
import { eventsOf, type JsonObject, type ModelEvent, noUsage, type RunBy, type ToolUseBlock } from "@signalbox/model"
import { type StreamInput } from "@signalbox/provider-claude/serve"
import { Predicate, Result, Stream } from "effect"

interface State {
  /** A call of the host whose arguments are still arriving, and their text so far. */
  readonly held: { readonly call: ToolUseBlock; readonly text: string } | undefined
  /** Whether the loop gave up while a call of the caller's tools was open. */
  readonly isCallOpen: boolean
}

type Step = readonly [State, ReadonlyArray<StreamInput>]

const shown = (events: ReadonlyArray<ModelEvent>): ReadonlyArray<StreamInput> =>
  events.map((event) => ({ type: "model", event }))

const readObject = (text: string): JsonObject | undefined => {
  const value: unknown = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  return Predicate.isObject(value) ? { ...value } : undefined
}

/**
 * Some official clients read the arguments of `mcp_tool_use` from the start of the block, others from its
 * deltas, and what they read is what they send back. So both say everything.
 */
const wholeCall = (index: number, call: ToolUseBlock, text: string): ReadonlyArray<ModelEvent> => {
  const input = readObject(text)
  const start = (content_block: ToolUseBlock): ModelEvent => ({ type: "content_block_start", index, content_block })
  const stop: ModelEvent = { type: "content_block_stop", index }
  if (input === undefined) return [start(call), stop]
  const delta = { type: "input_json_delta", partial_json: text } as const
  return [start({ ...call, input }), { type: "content_block_delta", index, delta }, stop]
}

const modelInputs = (state: State, event: ModelEvent, runBy: (toolName: string) => RunBy): Step => {
  if (event.type === "content_block_start") {
    const block = event.content_block
    return block.type === "tool_use" && runBy(block.name)._tag === "Host"
      ? [{ ...state, held: { call: block, text: "" } }, []]
      : [state, shown([event])]
  }
  const { held } = state
  if (held === undefined) return [state, shown([event])]
  if (event.type === "content_block_delta") {
    const piece = event.delta.type === "input_json_delta" ? event.delta.partial_json : ""
    return [{ ...state, held: { ...held, text: held.text + piece } }, []]
  }
  return event.type === "content_block_stop"
    ? [{ ...state, held: undefined }, shown(wholeCall(event.index, held.call, held.text))]
    : [state, shown([event])]
}

/** A sentence of the host as a step of its own: clients show it as text of the message. */
const said = (text: string): ReadonlyArray<StreamInput> =>
  shown(
    eventsOf({
      id: "notice",
      model: "signalbox",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: noUsage
    })
  )

const inputsOf = (state: State, event: TurnEvent, runBy: (toolName: string) => RunBy): Step => {
  switch (event.type) {
    case "model":
      return modelInputs(state, event.event, runBy)
    case "tool_end":
      return event.outcome.call.runBy?._tag === "Caller"
        ? [{ ...state, isCallOpen: true }, []]
        : [state, [{ type: "result", result: toolResultBlock(event.callId, event.outcome.result) }]]
    case "notice":
      // The result of a call must follow it at once; a sentence between the two would spoil the history.
      return [state, state.isCallOpen ? [] : said(event.text)]
    case "turn_end":
      if (event.result.finishReason !== "tool_limit_reached") return [state, [{ type: "end" }]]
      return [state, [{ type: "end", stopReason: state.isCallOpen ? "tool_use" : "end_turn" }]]
    default:
      return [state, []]
  }
}

/** What happens in a turn, in the encoder's words. */
export const turnInputs = <E>(
  events: Stream.Stream<TurnEvent, E>,
  runBy: (toolName: string) => RunBy
): Stream.Stream<StreamInput, E> =>
  Stream.mapAccum(
    events,
    (): State => ({ held: undefined, isCallOpen: false }),
    (state, event) => inputsOf(state, event, runBy)
  )
