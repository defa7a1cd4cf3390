/**
 * What the encoders of responses are told of a turn, and where a stream of events stands.
 */
import type { JsonObject, ServedReply, ServedStream } from "@signalbox/model"
import type { CallForms } from "../callForms.ts"
import { startTurn, type TurnState } from "../turnParts.ts"
import type { ToldCall } from "./callItems.ts"
import type { ResponseWire } from "./wire.ts"

/** What an answer depends on of its request. `decodeResponsesRequest` gives it. */
export interface ResponsesAnswer {
  /** Fields of the request that responses repeat. */
  readonly echo: JsonObject
  readonly callForms: CallForms
}

/** What the encoder of a stream must know of a turn. */
export interface ResponsesStream extends ServedStream, ResponsesAnswer {
  /** Seconds since 1970. */
  readonly created: number
}

/** What the encoder of a whole answer must know of a turn. */
export interface ResponsesReply extends ServedReply, ResponsesAnswer {
  /** Seconds since 1970. */
  readonly created: number
}

/** An item that is being told. */
export interface OpenItem {
  readonly kind: "message" | "reasoning" | "call"
  readonly id: string
  readonly index: number
  readonly text: string
  /** Of a message: where its text is from. */
  readonly annotations?: ReadonlyArray<JsonObject>
  readonly call?: ToldCall
}

/** A call that is told later. */
export interface HeldCall {
  readonly call: ToldCall
  readonly step: number
  readonly text: string
}

/** Where a stream stands. Make one with `startResponsesStream`. */
export interface ResponsesState {
  readonly stream: Omit<ResponsesStream, "runBy">
  readonly turn: TurnState
  readonly sequence: number
  readonly output: ReadonlyArray<JsonObject>
  readonly open: OpenItem | undefined
  /** The places of the host's calls that are running, by the ids of the calls. */
  readonly running: ReadonlyMap<string, number>
  /** The host's calls that may wait for approval, by their ids, until it is known. */
  readonly held: ReadonlyMap<string, HeldCall>
  /** The one among them whose arguments are coming. */
  readonly holding: string | undefined
  readonly silentPings: number
  /** The response with which the stream ended. */
  readonly ended: ResponseWire | undefined
}

/** The state before anything was sent. */
export const startResponsesStream = ({ runBy, ...stream }: ResponsesStream): ResponsesState => ({
  stream,
  turn: startTurn({ runBy }),
  sequence: 0,
  output: [],
  open: undefined,
  running: new Map(),
  held: new Map(),
  holding: undefined,
  silentPings: 0,
  ended: undefined
})
