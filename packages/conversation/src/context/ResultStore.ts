/**
 * Where results of tools are kept that are too long for a history, until whoever owns them is gone.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { Effect } from "effect"

/** A place for long results: files, by `makeResultFiles` of `./jsonl`. Owners do not see each other's. */
export interface ResultStore {
  /** Keeps a text, and answers with the id under which its owner reads it. */
  readonly keep: (owner: string, text: string) => Effect.Effect<string, SignalboxError>
  /** Nothing where the owner has none of this id. */
  readonly read: (owner: string, id: string) => Effect.Effect<string | undefined, SignalboxError>
  /** Removes all that an owner has. */
  readonly forget: (owner: string) => Effect.Effect<void, SignalboxError>
}
