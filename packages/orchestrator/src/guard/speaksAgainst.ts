/**
 * Which failures of calls and connections count in the circuit of a server. A lost connection counts once, however
 * many calls it takes with it: sixteen of them are no more than one kill.
 */
import { isSignalboxError, type SignalboxError } from "@signalbox/errors"
import { countsAsConnectionFailure } from "@signalbox/mcp"
import { Duration } from "effect"
import { isCallError, isConnectionLost } from "../mayRepeat.ts"
import { type StartError } from "../Supervisor.ts"

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

/** Whether a server that could not be started, or was lost, counts. */
export const lossSpeaksAgainst = (reason: unknown): boolean => {
  if (!isSignalboxError(reason)) return false
  if (isOurs(reason)) return reason._tag !== "ServerUnavailable"
  // All other reasons for which a server is down are those of its connection.
  return countsAsConnectionFailure(reason as Exclude<StartError, Ours>)
}

type Ours = Extract<
  StartError,
  {
    readonly _tag:
      | "RuntimeVersionMismatch"
      | "ServerIncomplete"
      | "ServerStartupFailed"
      | "ServerUnavailable"
      | "StartCallFailed"
  }
>

const ours = new Set<SignalboxError["_tag"]>([
  "RuntimeVersionMismatch",
  "ServerIncomplete",
  "ServerStartupFailed",
  "ServerUnavailable",
  "ServerUnhealthy",
  "StartCallFailed"
])

const isOurs = ({ _tag }: SignalboxError): boolean => ours.has(_tag)
