/**
 * `conversation.context`: what becomes of a conversation that is longer than its model takes, of results that are too long,
 * and of tools that are too many.
 */
import { Schema } from "effect"
import { PositiveInt } from "./schemas.ts"

const Limit = Schema.Union([Schema.Literal("unlimited"), PositiveInt])

/** The section of `conversation`. */
export const ContextSection = Schema.Struct({
  window: Schema.Union([Schema.Literal("auto"), PositiveInt]),
  reserveTokens: PositiveInt,
  preserveRecent: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  whenFull: Schema.Literals(["trim", "summary", "send"]),
  summary: Schema.Struct({ model: Schema.String, maxTokens: PositiveInt }),
  maxResultTokens: Limit,
  toolTokenBudget: Limit,
  pinnedTools: Schema.Array(Schema.NonEmptyString)
}).check(
  Schema.makeFilter(({ reserveTokens, window }) =>
    window === "auto" || reserveTokens < window
      ? undefined
      : { path: ["reserveTokens"], issue: "Expected less than window" }
  )
)
export type ContextSection = typeof ContextSection.Type
