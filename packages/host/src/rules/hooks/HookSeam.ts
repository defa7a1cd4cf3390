/** Where a recording sees which hooks are asked, and a replay answers for them. */
import type { Effect } from "effect"
import type { HookInput } from "./HookProtocol.ts"
import type { HookEnd, HookTrouble } from "./runHook.ts"

/** Which hook is asked, and what. */
export interface HookQuestion {
  /** As messages name it. */
  readonly hook: string
  readonly input: HookInput
}

/** Given a question and what runs the hook, answers with what is run instead. */
export type HookSeam = <R>(
  question: HookQuestion,
  run: Effect.Effect<HookEnd, HookTrouble, R>
) => Effect.Effect<HookEnd, HookTrouble, R>
