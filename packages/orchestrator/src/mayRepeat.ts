/**
 * What a failed call says about the connection, and whether it may be made once more. Pure, because running
 * a tool twice is the worst thing that can happen here.
 */
import type { SignalboxError } from "@signalbox/errors"
import { type CallError, wasNotExecuted } from "@signalbox/mcp"
import type { Route } from "./Catalogue.ts"

/** Failures that came from the server, in contrast to those of waiting for it. */
export const isCallError = (error: SignalboxError): error is CallError => !waits.has(error._tag)

const waits: ReadonlySet<string> = new Set([
  "ServerBusy",
  "ServerNotFound",
  "ServerUnavailable",
  "ServerCircuitOpen",
  "SessionsExhausted"
])

/** Whether the connection itself is gone, so that a new one has to be made before anything else. */
export const isConnectionLost = (error: CallError): boolean =>
  error._tag === "ConnectionClosed" || error._tag === "SessionExpired" || error._tag === "ServerUnreachable"

/**
 * Whether a call may be made again after this failure: when the connection was lost before the tool could run,
 * or when nobody knows whether it ran and a trusted server says that running it twice does no harm.
 */
export const mayRepeat = (error: CallError, route: Pick<Route, "isRepeatable">): boolean =>
  error._tag === "ToolOutcomeUnknown" ? route.isRepeatable : isConnectionLost(error) && wasNotExecuted(error)
