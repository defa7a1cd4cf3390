/**
 * HTTP without anything between: what a platform can do for bytes that are only handed on. Providers that read what
 * they are answered use `HttpClient`.
 */
import { Context, type Effect } from "effect"

/** A request in bytes. */
export interface ByteRequest {
  readonly method: "GET" | "POST"
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/** Hears of an answer: its head, pieces, and its end; or that it was lost, whenever that is. */
export interface AnswerListener {
  /** Names in lower case; of a header that came several times the values are joined. */
  readonly onHead: (status: number, headers: Readonly<Record<string, string>>) => void
  readonly onPiece: (bytes: Uint8Array) => void
  readonly onEnd: () => void
  readonly onLost: (cause: unknown) => void
}

/** An exchange under way. */
export interface DirectExchange {
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the connection, and nothing more is heard. */
  readonly cancel: () => void
}

/** Sends a request. Must not throw. */
export type SendDirectly = (request: ByteRequest, listener: AnswerListener) => DirectExchange

/** How this platform sends; by default it shows no such way, and `HttpClient` is used. */
export const DirectHttp = Context.Reference<Effect.Effect<SendDirectly> | undefined>("@signalbox/model/DirectHttp", {
  defaultValue: () => undefined
})
