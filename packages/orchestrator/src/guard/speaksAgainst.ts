/**
 * Which failures of calls, of other requests and of connections count in the circuit of a server. A lost connection counts once, however
 * many calls it takes with it: sixteen of them are no more than one kill.
 */
import { isSignalboxError, type SignalboxError } from "@signalbox/errors"
import { countsAsConnectionFailure, ServerExited, StreamLost } from "@signalbox/mcp"
import { Duration } from "effect"
import { isCallError, isConnectionLost } from "../mayRepeat.ts"
import type { ProgramError } from "../runtimes/RuntimeCheck.ts"
import type { Session } from "../Session.ts"
import type { StartError, Supervisor } from "../Supervisor.ts"
import type { CallGate } from "./CallGate.ts"

/** What has to be known of a call to say what its failure means. */
export interface Attempt {
  /** What the server allows a call by itself, in milliseconds. */
  readonly callTimeout: number
  /** Whether a lost answer means more than that the connection was lost, which counts by itself. */
  readonly isNewLoss: () => boolean
}

/** Whether the failure of a call counts against its server. */
export const callSpeaksAgainst = (error: unknown, { callTimeout, isNewLoss }: Attempt): boolean => {
  if (!isSignalboxError(error) || !isCallError(error) || !countsAsConnectionFailure(error)) return false
  if (isConnectionLost(error)) return false
  if (error._tag === "ToolOutcomeUnknown") return isNewLoss()
  // What a caller has no patience for may well be in time for others.
  const isImpatience = error._tag === "ToolCallTimeout" && error.limitName === "callTimeout"
  return !isImpatience || Duration.toMillis(error.limit) >= callTimeout
}

/** Whether the failure of another request counts. It never has less patience than its server allows. */
export const requestSpeaksAgainst = (error: unknown, { isNewLoss }: Pick<Attempt, "isNewLoss">): boolean => {
  if (!isSignalboxError(error) || !isCallError(error) || !countsAsConnectionFailure(error)) return false
  if (isConnectionLost(error) || error instanceof ServerExited) return false
  return error instanceof StreamLost ? isNewLoss() : true
}

/**
 * Asked of an attempt that begins now, whether its lost answer is one more loss. Over HTTP the answer may be all that is
 * lost; elsewhere the connection is, and the loss of the one that is supervised counts by itself.
 */
export const newLosses = (gate: CallGate, { managed }: Supervisor, session: Session): Attempt["isNewLoss"] => {
  const sentAfter = gate.losses
  return () => {
    const countsByItself = managed.server.endpoint.transport !== "http" || session.reason !== undefined
    if ((session.isSupervised && countsByItself) || gate.losses !== sentAfter) return false
    gate.losses += 1
    return true
  }
}

/** Whether a server that could not be started, or was lost, counts. */
export const lossSpeaksAgainst = (reason: unknown): boolean => {
  if (!isSignalboxError(reason)) return false
  // Who was not asked has not failed.
  if (isOurs(reason)) return reason._tag !== "ServerUnavailable" && reason._tag !== "ConnectionsExhausted"
  // All other reasons for which a server is down are those of its connection.
  return countsAsConnectionFailure(reason as Exclude<StartError, Ours>)
}

type Ours = Extract<
  StartError,
  | ProgramError
  | {
      readonly _tag:
        | "ConnectionsExhausted"
        | "ServerIncomplete"
        | "ServerStartupFailed"
        | "ServerUnavailable"
        | "StartCallFailed"
    }
>

const ours = new Set<SignalboxError["_tag"]>([
  "ConnectionsExhausted",
  "RunnerNotFound",
  "RuntimeVersionMismatch",
  "ServerFileNotFound",
  "ServerIncomplete",
  "ServerStartupFailed",
  "ServerUnavailable",
  "ServerUnhealthy",
  "StartCallFailed"
])

const isOurs = ({ _tag }: SignalboxError): boolean => ours.has(_tag)
