/**
 * What decorators of models have to tell about a call beside its answer: who answered, whether it came from a cache,
 * what was left out, what it cost. A reference, so that whoever asks hears it of his own call and nobody in between has to pass it on:
 * provide `CallNotes` around `stream` or `generate`.
 */
import { Context, Effect } from "effect"

/** Something about one call of a model. */
export type CallNote =
  /** The upstream and the model that answer, in the words of the routing plan; `tried` names the routes that failed before. */
  | {
      readonly type: "answering"
      readonly upstream: string
      readonly model: string
      readonly tried: ReadonlyArray<string>
    }
  /** `hit`: no upstream is asked. `shared`: the answer of another caller's identical request that is under way. */
  | { readonly type: "cache"; readonly outcome: "hit" | "miss" | "shared" }
  /** What a request brings and nobody who is asked can use: types of tools, or of items of its conversation. */
  | { readonly type: "left_out"; readonly what: "tools" | "items"; readonly types: ReadonlyArray<string> }
  /** After a call whose usage is known; `usd` is absent where the model has no price. */
  | { readonly type: "cost"; readonly upstream: string; readonly model: string; readonly usd?: number }

/** Hears the notes of the calls that it is provided to. By default nobody does. */
export const CallNotes = Context.Reference<(note: CallNote) => Effect.Effect<void>>("@signalbox/model/CallNotes", {
  defaultValue: () => () => Effect.void
})
