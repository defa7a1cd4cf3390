/**
 * The schemas that several sections of a configuration have in common.
 */
import { Duration, Schema, SchemaTransformation } from "effect"
import { keyRules } from "./keyRules.ts"
import { variablesIn } from "./secrets.ts"

export const PositiveInt = Schema.Int.check(Schema.isGreaterThan(0))

/** An amount, or none. */
export const Limit = <S extends Schema.Top>(amount: S) => Schema.Union([Schema.Literal("unlimited"), amount])

export const Url = Schema.String.check(
  Schema.isPattern(/^https?:\/\/\S+$/, { message: "Expected a URL that starts with http:// or https://" })
)

/** Messages to people name a schema by its identifier. */
const aDuration = 'a duration such as "30 seconds"'

const shortUnits: Readonly<Record<string, string>> = { ms: "millis", s: "seconds", m: "minutes", h: "hours" }

/** `30s` as on a command line means the same as `30 seconds`. */
const spelledOut = (text: string): string =>
  text
    .trim()
    .replace(/^(\d+(?:\.\d+)?)(ms|s|m|h)$/, (_, amount: string, unit: string) => `${amount} ${shortUnits[unit]}`)

const AnyDuration = Schema.String.annotate({ identifier: aDuration }).pipe(
  Schema.decodeTo(
    Schema.DurationFromString,
    SchemaTransformation.transform({ decode: spelledOut, encode: (text: string) => text })
  )
)

export const PositiveDuration = AnyDuration.check(
  Schema.makeFilter((duration) => Duration.isGreaterThan(duration, Duration.zero) || "Expected a duration above zero")
)

/** A delay that grows from attempt to attempt. */
export const growingDelay = {
  firstDelay: PositiveDuration,
  maxDelay: PositiveDuration,
  factor: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(1))
}

/** Holds between the ends of a growing delay. */
export const maxDelayRule = Schema.makeFilter(
  ({ firstDelay, maxDelay }: { readonly firstDelay: Duration.Duration; readonly maxDelay: Duration.Duration }) =>
    Duration.isGreaterThanOrEqualTo(maxDelay, firstDelay)
      ? undefined
      : { path: ["maxDelay"], issue: "Expected at least as long as firstDelay" }
)

/** When a server or a provider that fails is not asked any more, and when it is tried again. */
export const breaker = {
  enabled: Schema.Boolean,
  failures: PositiveInt,
  openFor: PositiveDuration,
  successes: PositiveInt,
  probes: PositiveInt,
  probeTimeout: PositiveDuration
}

const Reference = Schema.String.check(Schema.makeFilter((text) => text === "" || variablesIn(text).length > 0))

/** A key itself is a secret from here on; `env:NAME` is none, and neither is an empty text. */
export const ApiKey = Schema.Union([
  // The name of this schema stands in messages to people, who write texts.
  Schema.Redacted(Schema.String).annotate({ expected: "string" }),
  Reference,
  Schema.RedactedFromValue(Schema.String)
])

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

/** Who answers: the name of a provider of the configuration, or a choice that needs none. */
export const ProviderChoice = Schema.NonEmptyString

/** A call that is made before something counts as ready. */
export const StartCall = Schema.Struct({
  tool: Schema.NonEmptyString,
  args: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
