/**
 * What a session is made of, and what may differ from one of its turns to the next.
 */
import type { CallContext, Message } from "@signalbox/model"
import type { DateTime } from "effect"
import type { EventStore } from "./events/EventStore.ts"
import type { MemoryWindow } from "./events/windows.ts"
import type { TurnLimits } from "./TurnLimits.ts"
import type { TurnOptions } from "./TurnOptions.ts"

/** Everything that a session is made of. */
export interface SessionOptions extends Omit<TurnOptions, "call" | "messages" | "turnId"> {
  readonly id: string
  readonly call: Pick<CallContext, "principal" | "interaction">
  /** What was said before, oldest first. */
  readonly history?: ReadonlyArray<Message>
  /** Where the conversation is kept under its id; it goes on from what is there. Without it, it ends with the program. */
  readonly store?: EventStore["Service"]
  /** What of a kept conversation the model is shown; all of it where it is absent. */
  readonly window?: MemoryWindow
  /** The conversations whose long results stand in the history: those that it is a fork of. One that is kept knows its own. */
  readonly origins?: ReadonlyArray<string>
}

/** A model that answers turns, and what keeps requests within what it takes. */
export interface AnsweringModel extends Pick<SessionOptions, "model" | "context"> {
  /** By which whoever chose it finds it again, such as `provider/model`: a recorded conversation has it. */
  readonly name?: string
}

/** What may differ from turn to turn. */
export interface SendOptions {
  /** Who answers this turn instead of the model of the session. The history is the same. */
  readonly answeredBy?: AnsweringModel
  /** The names of the only tools that the turn may use; all of the session where it is absent. */
  readonly tools?: ReadonlyArray<string>
  readonly interaction?: CallContext["interaction"]
  readonly principal?: string
  /** The id of the running request where it is absent. */
  readonly correlationId?: string
  /** When the caller stops waiting for tools. */
  readonly deadline?: DateTime.Utc
  readonly limits?: Partial<TurnLimits>
  readonly turnId?: string
  /**
   * Names what is asked, in a conversation that is kept: asked again, it is answered with the answer that was given, or its turn
   * goes on where it was cut off.
   */
  readonly requestId?: string
}
