/**
 * The id that ties together everything done for one request: log lines, spans, errors, the MCP
 * servers called and the provider asked. Set once at an edge; fibers forked below inherit it.
 */
import { Context, Effect, Random, References, Tracer } from "effect"

/** The id of the running request, or `undefined` outside one. Read it with `yield* CorrelationId`. */
export const CorrelationId = Context.Reference<string | undefined>("@signalbox/errors/CorrelationId", {
  defaultValue: () => undefined
})

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

/** A new id of 20 random characters, about 100 bits. */
export const makeCorrelationId: Effect.Effect<string> = Effect.map(
  Effect.all(Array.from({ length: 20 }, () => Random.nextIntBetween(0, alphabet.length - 1))),
  (digits) => digits.map((digit) => alphabet[digit] ?? "0").join("")
)

/** The id that a caller brought, if it is one: 1 to 128 visible ASCII characters. */
export const parseCorrelationId = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\x21-\x7e]{1,128}$/.test(text) ? text : undefined

/** Puts the id of a request into a context; onto its spans, too, where anybody sees them: else every request pays. */
export const correlate =
  <R>(id: string) =>
  (context: Context.Context<R>): Context.Context<R> => {
    const correlated = Context.add(context, CorrelationId, id)
    if (Context.get(correlated, Tracer.Tracer) === Tracer.nativeTracer) return correlated
    const annotations = Context.get(correlated, References.TracerSpanAnnotations)
    return Context.add(correlated, References.TracerSpanAnnotations, { ...annotations, correlation_id: id })
  }

/**
 * Runs an effect as one request. Use it at an edge (a command, an HTTP request, a socket message).
 * It adopts the caller's id when that is valid, else the one already set, else makes a new one.
 */
export const withCorrelationId =
  (given?: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(CorrelationId, (current) => {
      const known = parseCorrelationId(given) ?? current
      return known === undefined ? Effect.flatMap(makeCorrelationId, correlated(effect)) : correlated(effect)(known)
    })

const correlated =
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  (id: string): Effect.Effect<A, E, R> =>
    Effect.updateContext(effect, correlate<R>(id))
