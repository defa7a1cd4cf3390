/**
 * An attempt that failed, or a server that was lost, in words and as a typed error.
 */
import { isSignalboxError, type SignalboxError } from "@signalbox/errors"
import type { ConnectError, ServerError } from "@signalbox/mcp"
import { Cause, Duration, Effect } from "effect"
import { type ConnectionsExhausted, ServerIncomplete, ServerStartupFailed, type StartCallFailed } from "./errors.ts"
import type { ManagedServer } from "./OrchestratorOptions.ts"
import type { ProgramError } from "./runtimes/RuntimeCheck.ts"

/** Why an attempt to start a server failed. */
export type AttemptError =
  | ConnectError
  | ConnectionsExhausted
  | ServerError
  | ProgramError
  | ServerIncomplete
  | StartCallFailed

/** Fails where there is no point in starting the server. */
export const requireComplete = ({ lacks, server }: ManagedServer): Effect.Effect<void, ServerIncomplete> =>
  lacks.length === 0 ? Effect.void : Effect.fail(new ServerIncomplete({ serverName: server.name, lacks }))

/** A defect of a connection is the failure of one server, not of the program. */
export const startError = (
  serverName: string,
  cause: Cause.Cause<AttemptError>
): AttemptError | ServerStartupFailed => {
  const error = Cause.squash(cause)
  // The only failures of an attempt are those of its signature; everything else is a defect.
  if (isSignalboxError(error)) return error as AttemptError
  const reason = error instanceof Error ? error.message : String(error)
  return new ServerStartupFailed({ serverName, reason, cause: error })
}

/** Tells that a server is down, and when it is tried again; `failures` are those in a row. */
export const tellDown = (reason: SignalboxError, delay: Duration.Duration | undefined, failures: number) => {
  const next = delay === undefined ? "It is not started again by itself." : `Next attempt in ${Duration.format(delay)}.`
  const line = `${reason.message} ${next}`
  // A server that stays down is known to be; its attempts must not fill the log.
  const told = failures <= 2 || delay === undefined ? Effect.logWarning(line) : Effect.logDebug(line)
  return Effect.annotateLogs(told, { event: "server_down" })
}
