/**
 * Failures of conversations themselves. What models and tools fail with is defined where they are.
 */
import { defineError, exitCodes, statuses } from "@signalbox/errors"
import { Schema } from "effect"
import { storeErrors } from "./events/errors.ts"
import { replayErrors } from "./replay/errors.ts"

const session = { sessionId: Schema.String }

/**
 * A step was begun, and nobody knows whether it took effect: the process ended, or was stopped, in between.
 * Never run such a step again by yourself.
 */
export class OutcomeUnknown extends defineError<OutcomeUnknown>()("OutcomeUnknown", {
  code: "JOURNAL_OUTCOME_UNKNOWN",
  status: statuses.conflict,
  fields: { stepId: Schema.String, toolName: Schema.optionalKey(Schema.String) },
  message: ({ stepId, toolName }) =>
    `The ${toolName === undefined ? `step "${stepId}"` : `call of "${toolName}"`} was begun earlier and did not finish; it may or may not have taken effect.`,
  hint: ({ toolName }) => `Check what the ${toolName === undefined ? "step" : "call"} did before you ask for it again.`
}) {}

/** The journal cannot write a step down. */
export class JournalUnwritable extends defineError<JournalUnwritable>()("JournalUnwritable", {
  code: "JOURNAL_UNWRITABLE",
  status: statuses.unavailable,
  fields: { stepId: Schema.String, hasRun: Schema.Boolean, reason: Schema.String },
  message: ({ hasRun, reason, stepId }) =>
    hasRun
      ? `The step "${stepId}" has run, but what it gave could not be recorded: ${reason}`
      : `The step "${stepId}" was not run, since it could not be recorded: ${reason}`,
  hint: ({ hasRun }) => (hasRun ? "Check what the step did before you ask for it again." : undefined)
}) {}

/** A rule, or the mode of approval, does not allow the call. Nobody can approve it. */
export class ToolDenied extends defineError<ToolDenied>()("ToolDenied", {
  code: "TOOL_DENIED",
  status: statuses.forbidden,
  fields: { toolName: Schema.String, source: Schema.String, reason: Schema.String },
  message: ({ reason, source, toolName }) => `"${toolName}" of "${source}" was not run: ${reason}.`,
  hint: () => "Do without this call; only who runs this program can allow it (conversation.approval)."
}) {}

const hook = { hook: Schema.String, reason: Schema.String }

/** A hook did not let the model or a tool be asked. The reason is the hook's own. */
export class HookRefused extends defineError<HookRefused>()("HookRefused", {
  code: "HOOK_REFUSED",
  status: { ...statuses.forbidden, exit: exitCodes.notPermitted },
  fields: hook,
  message: ({ hook, reason }) => `Refused by the hook ${hook}: ${reason}`
}) {}

/** A hook that nothing goes on without gave no answer: it could not be started, took too long, or said nothing that is one. */
export class HookFailed extends defineError<HookFailed>()("HookFailed", {
  code: "HOOK_FAILED",
  status: statuses.internal,
  fields: hook,
  message: ({ hook, reason }) => `The hook ${hook} did not answer: ${reason}`,
  hint: () => "Repair the hook, or go on without its answers: whenItFails: continue (conversation.hooks)."
}) {}

/** The id belongs to an open session. */
export class SessionExists extends defineError<SessionExists>()("SessionExists", {
  code: "SESSION_EXISTS",
  status: statuses.conflict,
  fields: session,
  message: ({ sessionId }) => `There is already a session "${sessionId}".`,
  hint: () => "Send to the session that is there, close it first, or choose another id."
}) {}

/** No open session has this id. */
export class SessionNotFound extends defineError<SessionNotFound>()("SessionNotFound", {
  code: "SESSION_NOT_FOUND",
  status: statuses.notFound,
  fields: session,
  message: ({ sessionId }) => `There is no session "${sessionId}": it was never started, was closed, or expired.`,
  hint: () => "Start a new session."
}) {}

/** The session was closed, by its client or for being idle too long. */
export class SessionClosed extends defineError<SessionClosed>()("SessionClosed", {
  code: "SESSION_CLOSED",
  status: statuses.conflict,
  fields: session,
  message: ({ sessionId }) => `The session "${sessionId}" is closed.`,
  hint: () => "Start a new session."
}) {}

/** As many sessions are open as `maxSessions` allows. */
export class TooManySessions extends defineError<TooManySessions>()("TooManySessions", {
  code: "TOO_MANY_SESSIONS",
  status: statuses.rateLimited,
  retryable: true,
  fields: { limit: Schema.Int },
  message: ({ limit }) => `All ${limit} sessions are in use.`,
  hint: () => "Close a session, or raise the limit (maxSessions)."
}) {}

/** What a `Journal` can fail with. */
export type JournalError = OutcomeUnknown | JournalUnwritable

/** Every error class of this package, for tables. */
export const conversationErrors = [
  ToolDenied,
  HookRefused,
  HookFailed,
  OutcomeUnknown,
  JournalUnwritable,
  SessionExists,
  SessionNotFound,
  SessionClosed,
  TooManySessions,
  ...storeErrors,
  ...replayErrors
] as const
