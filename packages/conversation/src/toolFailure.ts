/**
 * Failures of tool calls as values that the model can read and act upon: code, message, next step.
 */
import { codeOf, exitCodes, type SignalboxError, statusOf, toJson } from "@signalbox/errors"
import { ApprovalRefused, ApprovalRequired, textResult } from "@signalbox/model"
import { Cause, Effect, Option } from "effect"
import type { ToolSettlement, ToolStatus } from "./ToolOutcome.ts"

const settlement = (status: ToolStatus, code: string, text: string): ToolSettlement => ({
  status,
  code,
  result: textResult(`${code}: ${text}`, true)
})

/** A tool asked by itself, and was not allowed to go on. */
const refusals: ReadonlySet<string> = new Set([ApprovalRefused.definition.code, ApprovalRequired.definition.code])

const statusOfFailure = (error: unknown): ToolStatus => {
  const code = codeOf(error)
  if (code === "TOOL_NOT_FOUND") return "not_found"
  if (code === "INVALID_PARAMS") return "invalid"
  if (refusals.has(code)) return "refused"
  return statusOf(error).exit === exitCodes.timeout ? "timeout" : "failed"
}

/** The settlement of a call that failed: its text has the code, the message and the hint of the error. */
export const settleFailure = (error: SignalboxError, status = statusOfFailure(error)): ToolSettlement => {
  const { error_code, hint, message } = toJson(error)
  return settlement(status, error_code, hint === undefined ? message : `${message}\nHint: ${hint}`)
}

/** The settlement of a call that was not allowed. */
export const settleRefused = (error: SignalboxError): ToolSettlement => settleFailure(error, "refused")

/**
 * The settlement of a call that ended with any cause. A defect is logged in full and told to the model without
 * its text; a call that stopped by itself is told as that.
 */
export const settleCause = (toolName: string, cause: Cause.Cause<SignalboxError>): Effect.Effect<ToolSettlement> => {
  if (Cause.hasDies(cause)) {
    const text = `The tool "${toolName}" failed in an unexpected way. It may have taken effect.`
    return Effect.as(Effect.logError("A tool failed with a defect", cause), settlement("failed", "INTERNAL", text))
  }
  const failure = Cause.findErrorOption(cause)
  if (Option.isSome(failure)) return Effect.succeed(settleFailure(failure.value))
  const text = `The tool "${toolName}" stopped before it had finished. It may have taken effect.`
  return Effect.succeed(settlement("failed", "CANCELLED", text))
}

/** A call whose time was over before it could begin: to start it only to stop it might leave something half done. */
export const settleTooLate = (toolName: string): ToolSettlement =>
  settlement("timeout", "TOOL_TIMEOUT", `The tool "${toolName}" was not run: the time given to this turn was over.`)

/** Why calls were not run. */
export const settleNotRun = (code: string, reason: string): ToolSettlement => settlement("not_run", code, reason)

/** A call that the end of its turn cut off. */
export const settleInterrupted = (wasStarted: boolean): ToolSettlement =>
  wasStarted
    ? settlement(
        "interrupted",
        "CANCELLED",
        "interrupted: the turn was stopped before this call had finished. It may have taken effect."
      )
    : settlement("interrupted", "CANCELLED", "interrupted: the turn was stopped before this call was started.")
