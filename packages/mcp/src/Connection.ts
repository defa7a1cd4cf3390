/**
 * What a shaken-hands connection is made of, and the two states it has: open, or lost for a reason.
 * The reason is kept in plain sight, because it decides whether a failed call was ever sent.
 */
import { Deferred, Effect, type PubSub } from "effect"
import type { Changes, ListKind } from "./Changes.ts"
import type { Channel } from "./Channel.ts"
import { ConnectionClosed } from "./connectionErrors.ts"
import type { ServerError } from "./errors.ts"
import type { FaultContext } from "./faults.ts"
import type { HttpFacts } from "./http/HttpTransport.ts"
import type { LogMessage } from "./McpClient.ts"
import type { LogLevel } from "./McpPrompt.ts"
import type { Questions } from "./Questions.ts"
import type { RunningCalls } from "./RunningCalls.ts"
import type { Session } from "./Session.ts"
import type { ServerOptions } from "./ServerOptions.ts"

/** The end of a connection, as it is seen from everywhere. */
export interface Ending {
  /** Why it ended; `undefined` while it lives. */
  readonly reason: () => ServerError | undefined
  /** Marks it as lost, once. */
  readonly lose: (reason: ServerError) => void
  /** Marks it as closed by its own scope: calls under way are interrupted, and nobody is told. */
  readonly finish: () => void
  readonly isFinished: () => boolean
  readonly lost: Effect.Effect<ServerError>
}

/** Everything that requests are made with. */
export interface Connection {
  readonly server: ServerOptions
  readonly session: Session
  readonly channel: Channel
  readonly http: HttpFacts | undefined
  readonly ending: Ending
  readonly changes: Readonly<Record<ListKind, Changes>>
  /** The addresses of resources that have changed. */
  readonly updates: PubSub.PubSub<string>
  /** What the server is asked to log in the newest era, where each request says so. */
  readonly logLevel: { current: LogLevel | undefined }
  readonly logs: PubSub.PubSub<LogMessage>
  readonly calls: RunningCalls
  readonly questions: Questions
  readonly pid: number | undefined
  readonly stderrTail: Effect.Effect<ReadonlyArray<string>>
}

/** An ending that has not come yet. */
export const makeEnding = Effect.sync((): Ending => {
  const lost = Deferred.makeUnsafe<ServerError>()
  let reason: ServerError | undefined
  let finished = false
  return {
    reason: () => reason,
    lose: (error) => {
      if (reason !== undefined || finished) return
      reason = error
      Deferred.doneUnsafe(lost, Effect.succeed(error))
    },
    finish: () => {
      finished = true
    },
    isFinished: () => finished,
    lost: Deferred.await(lost)
  }
})

/** The failure of anything that is asked of a connection after its end; `undefined` while it lives. */
export const refusal = (connection: Connection): ConnectionClosed | undefined => {
  const { ending, server } = connection
  const reason = ending.reason()
  if (reason !== undefined)
    return new ConnectionClosed({ serverName: server.name, reason: reason.message, cause: reason })
  return ending.isFinished()
    ? new ConnectionClosed({ serverName: server.name, reason: "its scope has ended." })
    : undefined
}

/** The place of a failure on this connection. */
export const contextOf = (connection: Connection, method: string, error: unknown): FaultContext => ({
  server: connection.server,
  method,
  exchange: connection.http?.exchangeBehind(error),
  hasSession: connection.http?.hasSession() === true
})
