/** Gives records what the store decides: version, id, time, and last of all their place. */
import { DateTime, Effect, Result, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { ChatEvent, eventLimits, type NewEvent } from "./ChatEvent.ts"
import { EventRejected } from "./errors.ts"
import type { EventLog } from "./EventLog.ts"

/** A record without its place: what it is, and its written form, which begins with the place. */
export interface PreparedEvent {
  readonly event: ChatEvent
  readonly rest: string
}

/** Makes records of new ones, or tells why they cannot be kept. */
export type Prepare = (
  conversationId: string,
  events: ReadonlyArray<NewEvent>
) => Effect.Effect<ReadonlyArray<PreparedEvent>, EventRejected>

const encode = Schema.encodeResult(ChatEvent)

/** A UTF-16 unit has at most three bytes in UTF-8; the place takes some too. */
const maxCharacters = Math.floor(eventLimits.lineBytes / 3) - 40

/** Stands for the place until it is known. */
const noPlace = 1

/** To draw a few random bytes takes as long as to draw a thousand. */
const poolBytes = 4096

/** Hands out the bytes of larger draws piece by piece, each once. */
const poolOf = (draw: (size: number) => Uint8Array) => {
  let pool = draw(poolBytes)
  let used = 0
  return (size: number): Uint8Array => {
    if (size > poolBytes) return draw(size)
    if (used + size > pool.length) {
      pool = draw(poolBytes)
      used = 0
    }
    used += size
    return pool.slice(used - size, used)
  }
}

/** For a store: makes records of what it is given, as one that is no record would be refused by every reader. */
export const makePrepare: Effect.Effect<Prepare> = Effect.map(
  Effect.sync(() => SecureRandom.make(poolOf(SecureRandom.randomBytesUnsafe))),
  (random) =>
    Effect.fnUntraced(function* (conversationId, events) {
      const now = yield* DateTime.now
      const prepared: Array<PreparedEvent> = []
      for (const given of events) {
        const event: ChatEvent = {
          schema_version: 2,
          id: given.id ?? (yield* random.uuidV4()),
          conversation_id: conversationId,
          seq: noPlace,
          ...given,
          timestamp: given.timestamp ?? now
        }
        const encoded = encode(event)
        if (Result.isFailure(encoded))
          return yield* new EventRejected({ conversationId, reason: encoded.failure.message })
        const rest = restOf(encoded.success)
        if (rest.length > maxCharacters)
          return yield* new EventRejected({ conversationId, reason: `it has more than ${maxCharacters} characters` })
        prepared.push({ event, rest })
      }
      return prepared
    })
)

/** Adds the record at the end of the log, unless it is there already. */
export const place = (
  log: Pick<EventLog, "add" | "has" | "lastSeq">,
  { event }: PreparedEvent
): ChatEvent | undefined => {
  if (log.has(event)) return undefined
  const placed: ChatEvent = { ...event, seq: log.lastSeq + 1 }
  log.add(placed)
  return placed
}

/** The place is left out: a key without a value is not written. */
const restOf = (encoded: typeof ChatEvent.Encoded): string => JSON.stringify({ ...encoded, seq: undefined }).slice(1)

/** The line of a record at its place. */
export const lineAt = (seq: number, rest: string): string => `{"seq":${seq},${rest}\n`

/** The line of a record that has its place. */
export const lineOf = (encoded: typeof ChatEvent.Encoded): string => lineAt(encoded.seq, restOf(encoded))
