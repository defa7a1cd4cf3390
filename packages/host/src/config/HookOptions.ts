/**
 * `conversation.hooks`: programs of the user that are asked before and after what happens in a conversation.
 */
import { Schema } from "effect"
import { EnvValue, PositiveDuration, VariableName } from "./schemas.ts"

/** When a hook is asked. */
export const HookEvent = Schema.Literals([
  "session-start",
  "session-end",
  "before-model",
  "after-model",
  "before-tool",
  "after-tool",
  "turn-end"
])
export type HookEvent = typeof HookEvent.Type

/** One hook. */
export const HookEntry = Schema.Struct({
  on: HookEvent,
  /** The tools that it is asked about: names as in the rules of approvals. Without it all. */
  match: Schema.optionalKey(Schema.NonEmptyArray(Schema.NonEmptyString)),
  /** The program and its arguments; no shell reads them. */
  command: Schema.NonEmptyArray(Schema.NonEmptyString),
  /** Beyond a short list of the variables of this program. */
  env: Schema.optionalKey(Schema.Record(VariableName, EnvValue)),
  timeout: PositiveDuration,
  whenItFails: Schema.Literals(["block", "continue"])
}).check(
  Schema.makeFilter(({ match, on }) =>
    match === undefined || on === "before-tool" || on === "after-tool"
      ? undefined
      : { path: ["match"], issue: "Expected no tools to match, except with on: before-tool or after-tool" }
  )
)
export type HookEntry = typeof HookEntry.Type
