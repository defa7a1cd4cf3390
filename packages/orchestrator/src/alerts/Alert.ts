/**
 * Something that somebody should look at, and the end of it. Encoded it is JSON, for a webhook or a log.
 */
import { Schema } from "effect"
import { AlertKind, AlertSeverity } from "./AlertRule.ts"

/** An alert as it was raised, as it became worse, or as it was resolved. */
export const Alert = Schema.Struct({
  /** The same for raised and resolved, and each time that it comes again. */
  id: Schema.String,
  kind: AlertKind,
  status: Schema.Literals(["raised", "resolved"]),
  /** The worst so far, when it is resolved. */
  severity: AlertSeverity,
  /** The name of the server, the circuit, or the key of the pool. */
  subject: Schema.String,
  /** Which set it belongs to, where there are several. */
  set: Schema.optionalKey(Schema.String),
  message: Schema.String,
  /** What the rule looked at: a share, or milliseconds; null where it is a fact. */
  value: Schema.NullOr(Schema.Finite),
  /** Since when it holds. */
  since: Schema.DateTimeUtcFromString,
  /** When this was found. */
  at: Schema.DateTimeUtcFromString
})
export interface Alert extends Schema.Schema.Type<typeof Alert> {}
