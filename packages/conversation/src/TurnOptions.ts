/**
 * What one turn is made of. Stateless: everything comes with it, the history included.
 */
import type { CallContext, LanguageModel, Message, ModelRequest, Toolbox } from "@signalbox/model"
import type { Approval } from "./approval/Approval.ts"
import type { TurnContext } from "./context/TurnContext.ts"
import type { Journal } from "./Journal.ts"
import type { TurnHooks } from "./TurnHooks.ts"
import type { TurnLimits } from "./TurnLimits.ts"

/** What every model call of a turn asks for, beside its messages and tools. */
export type TurnRequest = Omit<ModelRequest, "messages" | "tools" | "model"> & {
  /** The model to ask; the default of the `LanguageModel` where it is absent. */
  readonly model?: string
}

/** Everything that one turn needs: the loop keeps nothing between two of them. */
export interface TurnOptions {
  /** The history, the user's new message at its end. */
  readonly messages: ReadonlyArray<Message>
  readonly toolbox: Toolbox["Service"]
  readonly model: LanguageModel["Service"]
  readonly limits: TurnLimits
  readonly journal: Journal["Service"]
  readonly hooks: TurnHooks
  /** Which calls need a yes of somebody; without it all run. */
  readonly approval?: Approval
  /** What keeps requests within what the model takes; without it all is sent as it is. */
  readonly context?: TurnContext
  readonly request: TurnRequest
  readonly call: Omit<CallContext, "toolCallId">
  /**
   * The start of every id that the journal sees. Without it, conversation and number of blocks in the history name
   * the turn, which is enough as long as conversation ids are unique.
   */
  readonly turnId?: string
}
