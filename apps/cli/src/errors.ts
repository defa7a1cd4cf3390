/**
 * Failures of the command line itself.
 */
import { defineError, exitCodes, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

export class InvalidUsage extends defineError<InvalidUsage>()("InvalidUsage", {
  code: "INVALID_USAGE",
  status: statuses.invalidParams,
  fields: { command: Schema.String, reason: Schema.String },
  message: ({ reason }) => reason,
  hint: ({ command }) => `See: ${command} --help`
}) {}

/** A file that was named on the command line cannot be read, or has nothing in it. */
export class FileUnusable extends defineError<FileUnusable>()("FileUnusable", {
  code: "FILE_UNUSABLE",
  status: statuses.invalidParams,
  fields: { file: Schema.String, reason: Schema.String, advice: Schema.String },
  message: ({ file, reason }) => `"${file}" cannot be used: ${reason}.`,
  hint: ({ advice }) => advice
}) {}

export class CommandTimeout extends defineError<CommandTimeout>()("CommandTimeout", {
  code: "TIMEOUT",
  status: statuses.timeout,
  fields: { limit: Schema.DurationFromMillis },
  message: ({ limit }) => `The command did not end within ${Duration.format(limit)}, which --timeout allows it.`,
  hint: () => "Give it more time, or look for what is slow with --log-level debug."
}) {}

const servers = { serverNames: Schema.Array(Schema.String), total: Schema.Int }

/** Some of the servers do not run; the others do. */
export class SomeServersDown extends defineError<SomeServersDown>()("SomeServersDown", {
  code: "SERVERS_PARTLY_DOWN",
  status: { ...statuses.unavailable, exit: exitCodes.partial },
  fields: servers,
  message: ({ serverNames, total }) =>
    `${serverNames.length} of ${total} servers do not run: ${serverNames.join(", ")}.`,
  hint: () => "See why: signalbox servers status"
}) {}

export class AllServersDown extends defineError<AllServersDown>()("AllServersDown", {
  code: "SERVERS_DOWN",
  status: { ...statuses.unavailable, exit: exitCodes.failure },
  fields: servers,
  message: ({ serverNames }) => `No server runs: ${serverNames.join(", ")}.`,
  hint: () => "See why: signalbox servers status"
}) {}

/** The configuration has no provider of this name. */
export class ProviderUnknown extends defineError<ProviderUnknown>()("ProviderUnknown", {
  code: "UNSUPPORTED_PROVIDER",
  status: statuses.notFound,
  fields: {
    name: Schema.String,
    known: Schema.Array(Schema.String),
    nearest: Schema.optionalKey(Schema.String)
  },
  message: ({ known, name, nearest }) =>
    `There is no provider "${name}".${nearest === undefined ? "" : ` Did you mean "${nearest}"?`} Known: ${known.join(", ")}.`,
  hint: () => "See them with: signalbox providers list"
}) {}

/** Providers that were tried did not answer. */
export class ProvidersFailed extends defineError<ProvidersFailed>()("ProvidersFailed", {
  code: "PROVIDERS_FAILED",
  status: statuses.unavailable,
  fields: { names: Schema.Array(Schema.String), total: Schema.Int },
  message: ({ names, total }) => `${names.length} of ${total} providers did not answer: ${names.join(", ")}.`
}) {}

/** None of the providers that failed has a key that is taken: the same exit code as a conversation with it. */
export class ProviderKeysFailed extends defineError<ProviderKeysFailed>()("ProviderKeysFailed", {
  code: "PROVIDER_KEYS_FAILED",
  status: statuses.configuration,
  fields: { names: Schema.Array(Schema.String), total: Schema.Int },
  message: ({ names, total }) =>
    `${names.length} of ${total} providers have no key that is taken: ${names.join(", ")}.`,
  hint: () => "Correct the key where providers.NAME.apiKey reads it, then ask again: signalbox providers test"
}) {}

const failedServers = { verb: Schema.String, ...servers }

/** What was to be done with several servers was done with some of them. */
export class SomeServersFailed extends defineError<SomeServersFailed>()("SomeServersFailed", {
  code: "SERVERS_PARTLY_FAILED",
  status: { ...statuses.unavailable, exit: exitCodes.partial },
  fields: failedServers,
  message: ({ serverNames, total, verb }) =>
    `Could not ${verb} ${serverNames.length} of ${total} servers: ${serverNames.join(", ")}.`,
  hint: () => "See why: signalbox servers status"
}) {}

/** What was to be done with servers was done with none. */
export class AllServersFailed extends defineError<AllServersFailed>()("AllServersFailed", {
  code: "SERVERS_FAILED",
  status: { ...statuses.unavailable, exit: exitCodes.failure },
  fields: failedServers,
  message: ({ serverNames, verb }) => `Could not ${verb} any server: ${serverNames.join(", ")}.`,
  hint: () => "See why: signalbox servers status"
}) {}

const agents = { agentNames: Schema.Array(Schema.String), total: Schema.Int }

/** Some of the agents cannot be used, or not all of their servers run. */
export class SomeAgentsDown extends defineError<SomeAgentsDown>()("SomeAgentsDown", {
  code: "AGENTS_PARTLY_DOWN",
  status: { ...statuses.unavailable, exit: exitCodes.partial },
  fields: agents,
  message: ({ agentNames }) => `Not everything runs of: ${agentNames.join(", ")}.`,
  hint: () => "Each agent is shown with what is wrong."
}) {}

/** None of the agents can be used. */
export class AllAgentsDown extends defineError<AllAgentsDown>()("AllAgentsDown", {
  code: "AGENTS_DOWN",
  status: { ...statuses.unavailable, exit: exitCodes.failure },
  fields: agents,
  message: ({ agentNames }) => `No agent can be used: ${agentNames.join(", ")}.`,
  hint: () => "Each agent is shown with what is wrong."
}) {}

/** An address that others can reach was refused, because clients would have to show nothing. */
export class McpTokenMissing extends defineError<McpTokenMissing>()("McpTokenMissing", {
  code: "MCP_TOKEN_MISSING",
  status: statuses.configuration,
  fields: { host: Schema.String },
  message: ({ host }) => `Refused to listen on ${host} without a token: whoever reaches the port could run your tools.`,
  hint: () => "Put a long random text into a file and name it with --token-file, or listen on 127.0.0.1."
}) {}

/** A command was to go on in the background of a program that ends at once. Nothing was run. */
export class JobNeedsHost extends defineError<JobNeedsHost>()("JobNeedsHost", {
  code: "JOB_NEEDS_HOST",
  status: statuses.invalidParams,
  fields: {},
  message: () => "A command in the background ends with the program that started it, which would be this one.",
  hint: () =>
    "Start a host that goes on, in another terminal: signalbox serve. It runs the command then, and shows it by its job. Or leave out run_in_background."
}) {}

/** The process that was to go on in the background ended before it could be asked. */
export class BackgroundStartFailed extends defineError<BackgroundStartFailed>()("BackgroundStartFailed", {
  code: "BACKGROUND_START_FAILED",
  status: statuses.internal,
  fields: { exitCode: Schema.UndefinedOr(Schema.Int), logFile: Schema.String, lastLine: Schema.String },
  message: ({ exitCode, lastLine }) =>
    `The background process ended at once (${exitCode === undefined ? "by a signal" : `exit code ${exitCode}`})${lastLine === "" ? "" : `: ${lastLine}`}`,
  hint: ({ logFile }) => `Its log: ${logFile}`
}) {}

/** Servers and providers were looked at, and something is wrong with some of them. */
export class ServersNeedAttention extends defineError<ServersNeedAttention>()("ServersNeedAttention", {
  code: "SERVERS_NEED_ATTENTION",
  status: { ...statuses.unavailable, exit: exitCodes.partial },
  fields: {
    serverNames: Schema.Array(Schema.String),
    providerNames: Schema.Array(Schema.String),
    findings: Schema.Int
  },
  message: ({ findings, providerNames, serverNames }) =>
    `${findings === 1 ? "1 thing is" : `${findings} things are`} wrong, with: ${[...serverNames, ...providerNames].join(", ")}.`,
  hint: () => "Each finding says what to do."
}) {}

/** A server of this name is in the configuration already. */
export class ServerExists extends defineError<ServerExists>()("ServerExists", {
  code: "SERVER_EXISTS",
  status: { ...statuses.conflict, exit: exitCodes.failure },
  fields: { serverName: Schema.String, file: Schema.String },
  message: ({ file, serverName }) => `${file} has a server "${serverName}" already; it was left as it is.`,
  hint: () => "Use --force to replace it, or choose another name."
}) {}

/** A turn came to its end, but tools that it called failed. */
export class ToolCallsFailed extends defineError<ToolCallsFailed>()("ToolCallsFailed", {
  code: "TOOL_CALLS_FAILED",
  status: { ...statuses.badGateway, exit: exitCodes.partial },
  fields: { failed: Schema.Int, total: Schema.Int },
  message: ({ failed, total }) => `${failed} of ${total} tool calls failed.`,
  hint: () => "Without --json each call is shown with its result."
}) {}

/** A server of the model APIs does not answer as clients rely upon. */
export class ConformanceFailed extends defineError<ConformanceFailed>()("ConformanceFailed", {
  code: "CONFORMANCE_FAILED",
  status: { ...statuses.badGateway, exit: exitCodes.partial },
  fields: { failed: Schema.Int, total: Schema.Int },
  message: ({ failed, total }) => `${failed} of ${total} cases were not answered as they have to be.`,
  hint: () => "Each case says what is wrong with its answer."
}) {}

/** There are alerts, of the severity that the caller wants to be told of by an exit code, or above it. */
export class AlertsHold extends defineError<AlertsHold>()("AlertsHold", {
  code: "ALERTS_HOLD",
  status: { ...statuses.unavailable, exit: exitCodes.partial },
  fields: { alerts: Schema.Int, severity: Schema.String },
  message: ({ alerts, severity }) =>
    alerts === 1 ? `There is an alert: ${severity} or above.` : `There are ${alerts} alerts: ${severity} or above.`,
  hint: () => "Each alert names what it is about. See more: signalbox servers status"
}) {}

/** The built-in tools have changed no file, or nothing of it is kept. */
export class NothingToUndo extends defineError<NothingToUndo>()("NothingToUndo", {
  code: "NOTHING_TO_UNDO",
  status: statuses.notFound,
  fields: { areKept: Schema.Boolean },
  message: () => "There is nothing to take back: the built-in tools have changed no file of which an image is kept.",
  hint: ({ areKept }) => (areKept ? undefined : "Have images of files kept: tools.undo.folder in the configuration.")
}) {}

/** A file of past calls holds something else. */
export class CallLogInvalid extends defineError<CallLogInvalid>()("CallLogInvalid", {
  code: "CALL_LOG_INVALID",
  status: statuses.badData,
  fields: { file: Schema.String, line: Schema.Int, reason: Schema.String },
  message: ({ file, line, reason }) => `${file}${line > 0 ? `:${line}` : ""} holds no calls: ${reason}.`,
  hint: () =>
    'Each line is a JSON object such as {"name":"Bash","arguments":{"command":"ls"}}; sessions export writes them.'
}) {}

/** Another configuration would treat calls otherwise, and the caller wants to be told of that by an exit code. */
export class PolicyChanges extends defineError<PolicyChanges>()("PolicyChanges", {
  code: "POLICY_CHANGES",
  status: { ...statuses.conflict, exit: exitCodes.failure },
  fields: { changed: Schema.Int, calls: Schema.Int },
  message: ({ calls, changed }) => `Something else would become of ${changed} of ${calls} calls.`
}) {}

/** Nothing with this id was approved for good. */
export class ApprovalNotFound extends defineError<ApprovalNotFound>()("ApprovalNotFound", {
  code: "APPROVAL_NOT_FOUND",
  status: statuses.notFound,
  fields: { id: Schema.String },
  message: ({ id }) => `Nothing was approved for good with the id "${id}".`,
  hint: () => "See what was: signalbox approvals list"
}) {}

/** The answer of a run broke off, or the host ended its turn. What there is of it was printed. */
export class RunUnfinished extends defineError<RunUnfinished>()("RunUnfinished", {
  code: "RUN_UNFINISHED",
  status: { ...statuses.internal, exit: exitCodes.partial },
  fields: { finishReason: Schema.String },
  message: ({ finishReason }) => `The answer is not whole: the turn ended with ${finishReason}.`,
  hint: ({ finishReason }) =>
    finishReason === "tool_limit_reached"
      ? "Let it take more rounds: --max-steps, or conversation.maxHops in the configuration."
      : undefined
}) {}

/** The budget of the turn was used up. What there is of the answer was printed. */
export class RunOverBudget extends defineError<RunOverBudget>()("RunOverBudget", {
  code: "RUN_OVER_BUDGET",
  status: statuses.billing,
  fields: {},
  message: () => "The answer is not whole: the budget of the turn is used up.",
  hint: () => "Raise it in the configuration: conversation.budget."
}) {}

/** The model did not want to answer. */
export class RunRefused extends defineError<RunRefused>()("RunRefused", {
  code: "RUN_REFUSED",
  status: statuses.forbidden,
  fields: {},
  message: () => "The model refused to answer."
}) {}

/** A file cannot go along with a message. */
export class AttachmentUnusable extends defineError<AttachmentUnusable>()("AttachmentUnusable", {
  code: "ATTACHMENT_UNUSABLE",
  status: statuses.badData,
  fields: { path: Schema.String, reason: Schema.String },
  message: ({ path, reason }) => `"${path}" cannot be sent: ${reason}.`,
  hint: () =>
    "PNG, JPEG, GIF and WebP up to 3.7 MB can be sent, and PDF up to 10 MB; without the file, send the message again."
}) {}

/** What was typed after a slash in a chat is no command. */
export class ChatCommandUnknown extends defineError<ChatCommandUnknown>()("ChatCommandUnknown", {
  code: "CHAT_COMMAND_UNKNOWN",
  status: statuses.notFound,
  fields: { name: Schema.String, nearest: Schema.optionalKey(Schema.String) },
  message: ({ name, nearest }) =>
    `There is no command "/${name}".${nearest === undefined ? "" : ` Did you mean "/${nearest}"?`} Nothing was sent.`,
  hint: () => "/help shows all of them. Two slashes (//) at the beginning send a text that begins with one."
}) {}

/** What was typed after a command of a chat does not fit it. */
export class ChatCommandInvalid extends defineError<ChatCommandInvalid>()("ChatCommandInvalid", {
  code: "CHAT_COMMAND_INVALID",
  status: statuses.invalidParams,
  fields: { usage: Schema.String, reason: Schema.String },
  message: ({ reason }) => reason,
  hint: ({ usage }) => `It is used so: ${usage}`
}) {}

/** A person was asked whether it should be done, and said no. */
export class ConfirmationRefused extends defineError<ConfirmationRefused>()("ConfirmationRefused", {
  code: "CONFIRMATION_REFUSED",
  status: statuses.forbidden,
  fields: { deed: Schema.String },
  message: ({ deed }) => `Nothing was done: you did not want to ${deed}.`
}) {}

/** It cannot be taken back, and there was nobody to ask. */
export class ConfirmationRequired extends defineError<ConfirmationRequired>()("ConfirmationRequired", {
  code: "CONFIRMATION_REQUIRED",
  status: { ...statuses.forbidden, exit: exitCodes.notPermitted },
  fields: { deed: Schema.String },
  message: ({ deed }) => `Nothing was done: there is nobody to ask whether to ${deed}.`,
  hint: () => "Say --yes if you mean it. At a terminal you are asked."
}) {}

/** A replay in which this version does something else. */
export class ReplayDiffers extends defineError<ReplayDiffers>()("ReplayDiffers", {
  code: "REPLAY_DIFFERS",
  status: statuses.conflict,
  fields: { count: Schema.Int, first: Schema.String },
  message: ({ count, first }) =>
    count === 1 ? `There is one difference: ${first}.` : `There are ${count} differences; the first is: ${first}.`,
  hint: () => "Where it is meant, record the conversation anew: signalbox chat --record FILE"
}) {}

/** Every error class of this package, for tables. */
export const cliErrors = [
  InvalidUsage,
  FileUnusable,
  AttachmentUnusable,
  ChatCommandUnknown,
  ChatCommandInvalid,
  CommandTimeout,
  ConfirmationRefused,
  ConfirmationRequired,
  ReplayDiffers,
  SomeServersDown,
  AllServersDown,
  SomeServersFailed,
  AllServersFailed,
  SomeAgentsDown,
  AllAgentsDown,
  BackgroundStartFailed,
  JobNeedsHost,
  McpTokenMissing,
  AlertsHold,
  ApprovalNotFound,
  CallLogInvalid,
  PolicyChanges,
  NothingToUndo,
  ServersNeedAttention,
  ServerExists,
  ToolCallsFailed,
  ConformanceFailed,
  ProviderUnknown,
  ProvidersFailed,
  ProviderKeysFailed,
  RunOverBudget,
  RunRefused,
  RunUnfinished
] as const
