/** What the database says, in the words of a store. */
import {
  DatabaseFailed,
  DatabaseRefused,
  DatabaseUnreachable,
  StorageFull,
  type StoreError
} from "@signalbox/conversation"
import { Option, Predicate, Redacted, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : ""

/** Errors of several addresses of one host come as one without words. */
const wordsOf = (cause: unknown): string | undefined => {
  if (cause instanceof AggregateError) return wordsOf(cause.errors[0])
  return cause instanceof Error && cause.message !== "" ? cause.message : undefined
}

/** States of Appendix A of the PostgreSQL manual that say no for good. */
const refusals = [
  [/^28/, "login"],
  [/^3D000$/, "database"],
  [/^3F000$|^42501$|^25006$/, "permission"]
] as const

/** Too many connections, shutting down, starting up. */
const passing = /^(?:53300|57P0[1-5]|08...)$/

const full = /^53100$/

/** The error of a store for one of the driver. */
export const databaseError =
  (place: string) =>
  ({ message, reason }: SqlError): StoreError => {
    const { cause } = reason
    const code = codeOf(cause)
    const words = (wordsOf(cause) ?? message).replace(/\.$/, "")
    const shared = { place, reason: words, cause }
    const refusal = refusals.find(([pattern]) => pattern.test(code))
    if (refusal !== undefined) return new DatabaseRefused({ ...shared, what: refusal[1] })
    if (full.test(code)) return new StorageFull({ file: place, cause })
    if (reason._tag === "AuthenticationError") return new DatabaseRefused({ ...shared, what: "login" })
    if (reason._tag === "ConnectionError" || reason._tag === "StatementTimeoutError" || passing.test(code))
      return new DatabaseUnreachable(shared)
    return new DatabaseFailed(shared)
  }

const parse = Schema.decodeUnknownOption(Schema.URLFromString)

/** Where the database is, without who asks. Nothing where the address is none. */
export const placeOf = (url: Redacted.Redacted): string | undefined => {
  const parsed = Option.getOrUndefined(parse(Redacted.value(url)))
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) return undefined
  const host = parsed.searchParams.get("host") ?? parsed.host
  const name = parsed.searchParams.get("dbname") ?? parsed.pathname.replace(/^\//, "")
  return `${host === "" ? "localhost" : host}${name === "" ? "" : `/${name}`}`
}
