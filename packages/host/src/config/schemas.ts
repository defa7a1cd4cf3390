/**
 * The schemas that servers and agents of a configuration have in common.
 */
import { Schema, SchemaTransformation } from "effect"
import { keyRules } from "./keyRules.ts"

export const PositiveInt = Schema.Int.check(Schema.isGreaterThan(0))

/** Names of servers stand in tool names (`<server>__<tool>`), so they are short and plain. Those of agents are alike. */
export const ServerName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, { message: keyRules.name })
)

/** What every shell takes as the name of a variable. */
export const VariableName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/, { message: keyRules.variable })
)

/** Numbers and booleans in `env` arrive as text, as in a shell. */
export const EnvValue = Schema.Union([
  Schema.String,
  Schema.Finite.pipe(
    Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: String, encode: Number }))
  ),
  Schema.Boolean.pipe(
    Schema.decodeTo(
      Schema.String,
      SchemaTransformation.transform({ decode: String, encode: (text) => text === "true" })
    )
  )
])

/** Tools by the names that their server gives them; without `allow` all of them, and `deny` wins. */
export const ToolLists = Schema.Struct({
  allow: Schema.optionalKey(Schema.Array(Schema.String)),
  deny: Schema.optionalKey(Schema.Array(Schema.String))
})
export type ToolLists = typeof ToolLists.Type

/** Who answers. */
export const Provider = Schema.Literals(["auto", "claude", "openai", "openrouter", "ollama", "offline"])

/** A call that is made before something counts as ready. */
export const StartCall = Schema.Struct({
  tool: Schema.NonEmptyString,
  args: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
