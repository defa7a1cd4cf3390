/**
 * What goes wrong with one tool call. A tool that answers `isError` is no failure: that is a result.
 * The classes differ in what is known about execution, because only that decides whether a retry is safe.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

const call = { serverName: Schema.String, toolName: Schema.String }

/** The server answered the call with a JSON-RPC error: unknown tool, bad arguments, an error of its own. */
export class ToolCallRejected extends defineError<ToolCallRejected>()("ToolCallRejected", {
  code: "TOOL_CALL_REJECTED",
  status: statuses.invalidParams,
  fields: { ...call, rpcCode: Schema.Finite, rpcMessage: Schema.String, data: Schema.UndefinedOr(Schema.Unknown) },
  message: ({ rpcCode, rpcMessage, serverName, toolName }) =>
    `Server "${serverName}" rejected the call of "${toolName}": ${rpcMessage} (${rpcCode}).`,
  hint: ({ rpcCode }) => (rpcCode === -32602 ? "Check the tool's name and its arguments." : undefined)
}) {}

/** The call took longer than one of its limits. The server was told to stop; whether it did is not known. */
export class ToolCallTimeout extends defineError<ToolCallTimeout>()("ToolCallTimeout", {
  code: "TOOL_CALL_TIMEOUT",
  status: statuses.timeout,
  fields: { ...call, limit: Schema.DurationFromMillis, limitName: Schema.Literals(["idleTimeout", "callTimeout"]) },
  message: ({ limit, limitName, serverName, toolName }) =>
    `The call of "${toolName}" on server "${serverName}" ` +
    (limitName === "idleTimeout" ? "showed no sign of life for" : "took longer than") +
    ` ${Duration.format(limit)}.`,
  hint: ({ limitName }) => `The tool may have run. Check its effect before you repeat it, or raise ${limitName}.`
}) {}

/** The request may have reached the server, but the answer was lost. Repeat it only if the tool is safe to repeat. */
export class ToolOutcomeUnknown extends defineError<ToolOutcomeUnknown>()("ToolOutcomeUnknown", {
  code: "TOOL_OUTCOME_UNKNOWN",
  status: statuses.badGateway,
  fields: { ...call, reason: Schema.String },
  message: ({ reason, serverName, toolName }) =>
    `The call of "${toolName}" on server "${serverName}" got no answer, so whether it ran is unknown: ${reason}`,
  hint: () => "The tool may have run. Check its effect before you repeat it."
}) {}

/** The server asked something back that nobody here answers, so the request cannot go on. */
export class QuestionUnanswered extends defineError<QuestionUnanswered>()("QuestionUnanswered", {
  code: "SERVER_QUESTION_UNANSWERED",
  status: statuses.badGateway,
  fields: { serverName: Schema.String, method: Schema.String, question: Schema.String, reason: Schema.String },
  message: ({ method, question, reason, serverName }) =>
    `Server "${serverName}" needs an answer to ${question} before it goes on with ${method}: ${reason}.`,
  hint: () => "Make the call where somebody can be asked, and allow the question."
}) {}

/** The arguments are larger than the limit for requests. Nothing was sent. */
export class RequestTooLarge extends defineError<RequestTooLarge>()("RequestTooLarge", {
  code: "REQUEST_TOO_LARGE",
  status: statuses.tooLarge,
  fields: { ...call, limitBytes: Schema.Int },
  message: ({ limitBytes, serverName, toolName }) =>
    `The arguments for "${toolName}" on server "${serverName}" are larger than ${limitBytes} bytes.`,
  hint: () => "Send less, for example a path instead of the content, or raise maxRequestBytes."
}) {}

/** The answer is larger than the limit for messages. The call was executed; the connection goes on. */
export class ResponseTooLarge extends defineError<ResponseTooLarge>()("ResponseTooLarge", {
  code: "RESPONSE_TOO_LARGE",
  status: statuses.badGateway,
  fields: { serverName: Schema.String, method: Schema.String, limitBytes: Schema.Int },
  message: ({ limitBytes, method, serverName }) =>
    `The answer of server "${serverName}" to ${method} is larger than ${limitBytes} bytes.`,
  hint: () => "Ask for less, for example one page, or raise maxMessageBytes."
}) {}
