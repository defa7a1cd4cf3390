/**
 * `routing`: which provider and model a name stands for that a client asks for. Models are written
 * `provider/model`; without a provider that is known, the text is a model of the one that `model.provider` chooses.
 */
import { Schema } from "effect"

/** Exactly one of these says which names a rule is for. */
const matches = {
  name: Schema.optionalKey(Schema.NonEmptyString),
  prefix: Schema.optionalKey(Schema.NonEmptyString),
  pattern: Schema.optionalKey(Schema.NonEmptyString)
}

const Rule = Schema.Struct({
  ...matches,
  provider: Schema.NonEmptyString,
  /** The provider's name for it; absent: as asked. */
  model: Schema.optionalKey(Schema.NonEmptyString),
  /** Takes the prefix off a name that is passed on. */
  strip: Schema.optionalKey(Schema.Boolean)
}).check(
  Schema.makeFilter(({ name, pattern, prefix }) =>
    [name, prefix, pattern].filter((match) => match !== undefined).length === 1
      ? undefined
      : "Expected exactly one of name, prefix and pattern"
  )
)
export type RoutingRuleEntry = typeof Rule.Type

/** The section. */
export const RoutingSection = Schema.Struct({
  rules: Schema.Array(Rule),
  big: Schema.String,
  small: Schema.String,
  unknown: Schema.Literals(["auto", "default", "passthrough", "reject"]),
  /** By `provider` or `provider/model`: what is asked next, in order. */
  fallbacks: Schema.Record(Schema.String, Schema.Array(Schema.NonEmptyString))
})
export type RoutingSection = typeof RoutingSection.Type
