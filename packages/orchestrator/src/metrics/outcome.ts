/**
 * How a call ended, in a word for a label, and whether that speaks for or against the server.
 */
import { isSignalboxError } from "@signalbox/errors"
import { countsAsConnectionFailure } from "@signalbox/mcp"
import { Cause, type Exit } from "effect"
import { isCallError } from "../mayRepeat.ts"

/** `failed` counts against the server, as it does for a circuit breaker; `declined` is any other failure. */
export interface CallOutcome {
  readonly label: string
  readonly verdict: "success" | "failed" | "declined" | "cancelled"
}

const success: CallOutcome = { label: "success", verdict: "success" }
/** The tool's own verdict: the server works. */
const toolError: CallOutcome = { label: "tool_error", verdict: "declined" }
const cancelled: CallOutcome = { label: "cancelled", verdict: "cancelled" }
const defect: CallOutcome = { label: "INTERNAL", verdict: "failed" }

/** The outcome of a call. A defect is `INTERNAL`, the code that it has in the log. */
export const outcomeOf = (exit: Exit.Exit<{ readonly isError: boolean }, unknown>): CallOutcome => {
  if (exit._tag === "Success") return exit.value.isError ? toolError : success
  if (Cause.hasInterruptsOnly(exit.cause)) return cancelled
  const error = Cause.squash(exit.cause)
  if (!isSignalboxError(error)) return defect
  return { label: error.code, verdict: isCallError(error) && countsAsConnectionFailure(error) ? "failed" : "declined" }
}
