/**
 * Failures of a configuration: all of them end a program with 78 before anything was started.
 */
import { defineError, statuses } from "@signalbox/errors"
import { resultText, type ToolResult } from "@signalbox/model"
import { Effect, Schema } from "effect"
import { urlServerErrors } from "./urlServers/errors.ts"

/**
 * One thing that is wrong in a configuration file. `line` counts from 1; it is 0 where there is no file. `code` is that of
 * the error class for problems that have one of their own.
 */
export const ConfigProblem = Schema.Struct({
  path: Schema.String,
  line: Schema.Int,
  message: Schema.String,
  suggestion: Schema.optionalKey(Schema.String),
  code: Schema.optionalKey(Schema.String)
})
export type ConfigProblem = typeof ConfigProblem.Type

/** A problem as a person reads it: the place, the key, and what is wrong. */
export const describeProblem = (file: string, problem: ConfigProblem): string => {
  const place = problem.line > 0 ? `${file}:${problem.line}` : file
  const path = problem.path === "" ? "" : ` ${problem.path}:`
  return `${place}${path} ${problem.message}${problem.suggestion === undefined ? "" : ` (${problem.suggestion})`}`
}

/**
 * A server says that it is of a kind that nothing here starts or reaches. It comes with everything else that is wrong: as a
 * row of `ConfigInvalid` with this code, and the first one as its cause.
 */
export class UntrustedServerType extends defineError<UntrustedServerType>()("UntrustedServerType", {
  code: "UNTRUSTED_SERVER_TYPE",
  status: statuses.configuration,
  fields: { path: Schema.String, line: Schema.Int, reason: Schema.String },
  message: ({ path, reason }) => `${path}: ${reason}`,
  hint: () => "See which types there are: signalbox servers types"
}) {}

/** The configuration has problems: all of them at once, each with its line. Nothing was started. */
export class ConfigInvalid extends defineError<ConfigInvalid>()("ConfigInvalid", {
  code: "CONFIG_INVALID",
  status: statuses.configuration,
  fields: { file: Schema.String, problems: Schema.Array(ConfigProblem) },
  message: ({ file, problems }) => {
    const lines = problems.map((problem) => `  ${describeProblem(file, problem)}`)
    return `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${lines.join("\n")}`
  },
  hint: ({ problems }) =>
    problems.every(({ line, path }) => line === 0 && path === "")
      ? "Name a file that can be read with --config, then run: signalbox config check"
      : "Fix the lines named, then run: signalbox config check"
}) {}

/** There is no configuration file in any of the places that were searched. */
export class ConfigNotFound extends defineError<ConfigNotFound>()("ConfigNotFound", {
  code: "CONFIG_NOT_FOUND",
  status: statuses.configuration,
  fields: { searched: Schema.Array(Schema.String) },
  message: ({ searched }) => `There is no configuration file. Searched: ${searched.join(", ")}`,
  hint: () => "Write one with: signalbox init"
}) {}

/** A configuration was not written, because there is one already. */
export class ConfigExists extends defineError<ConfigExists>()("ConfigExists", {
  code: "CONFIG_EXISTS",
  status: { ...statuses.conflict, exit: 1 },
  fields: { file: Schema.String },
  message: ({ file }) => `${file} exists already; it was left as it is.`,
  hint: () => "Use --force to overwrite it."
}) {}

/** A configuration that was to be changed cannot be written. It is as it was. */
export class ConfigNotWritten extends defineError<ConfigNotWritten>()("ConfigNotWritten", {
  code: "CONFIG_NOT_WRITTEN",
  status: statuses.internal,
  fields: { file: Schema.String, reason: Schema.String },
  message: ({ file, reason }) => `${file} cannot be written: ${reason}`,
  hint: () => "Check the permissions of the file and its folder."
}) {}

/** The file of another program cannot be read, or holds no servers. */
export class ImportFailed extends defineError<ImportFailed>()("ImportFailed", {
  code: "IMPORT_FAILED",
  status: statuses.badData,
  fields: {
    file: Schema.String,
    reason: Schema.String,
    /** Whether something is wrong with the file, in contrast to one that has no servers. */
    isBroken: Schema.Boolean
  },
  message: ({ file, reason }) => `${file} cannot be imported: ${reason}`
}) {}

/** Servers in the file of another program cannot be used: all of them at once, each with its line. Nothing was taken over. */
export class ImportInvalid extends defineError<ImportInvalid>()("ImportInvalid", {
  code: "IMPORT_INVALID",
  status: statuses.configuration,
  fields: { file: Schema.String, problems: Schema.Array(ConfigProblem) },
  message: ({ file, problems }) => {
    const lines = problems.map((problem) => `  ${describeProblem(file, problem)}`)
    return `${problems.length === 1 ? "A server" : `${problems.length} servers`} of the file cannot be used:\n${lines.join("\n")}`
  },
  hint: () => "Correct the lines named, or leave those servers out with --keep-going."
}) {}

/** What was approved for good cannot be read, or kept. */
export class ApprovalsUnusable extends defineError<ApprovalsUnusable>()("ApprovalsUnusable", {
  code: "APPROVALS_UNUSABLE",
  status: statuses.internal,
  fields: { file: Schema.String, reason: Schema.String },
  message: ({ file, reason }) => `${file}, which has what you approved for good, cannot be used: ${reason}`,
  hint: () => "Look at the file and its permissions, or delete it: then calls are asked about again."
}) {}

/** The configuration names a provider that needs a key, and there is none. `place` says where it is named. */
export class MissingApiKey extends defineError<MissingApiKey>()("MissingApiKey", {
  code: "MISSING_API_KEY",
  status: statuses.configuration,
  fields: {
    provider: Schema.String,
    variable: Schema.String,
    place: Schema.optionalKey(Schema.String),
    /** The model that is named, where its provider is not. */
    model: Schema.optionalKey(Schema.String)
  },
  message: ({ model, place, provider, variable }) =>
    model === undefined
      ? `The provider "${provider}" needs an API key, and ${variable} is not set.${place === undefined ? "" : ` ${place}.`}`
      : `Nobody can be asked for the model "${model}": no Ollama has it, and no API key is set (${variable}).`,
  hint: ({ model, variable }) =>
    model === undefined
      ? `Set ${variable}, or choose the model that needs no key: --provider offline`
      : "Set the key of a provider that has it, or name no model: then the offline model answers."
}) {}

/** No agent of this name is configured. */
export class AgentNotFound extends defineError<AgentNotFound>()("AgentNotFound", {
  code: "AGENT_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    agentName: Schema.String,
    nearest: Schema.UndefinedOr(Schema.String),
    available: Schema.Array(Schema.String)
  },
  message: ({ agentName, available, nearest }) =>
    `There is no agent "${agentName}".${nearest === undefined ? "" : ` Did you mean "${nearest}"?`} ${
      available.length === 0 ? "No agents are configured." : `Configured: ${available.join(", ")}.`
    }`,
  hint: () => "See which there are: signalbox agents list"
}) {}

/** The configuration switches the agent off. */
export class AgentDisabled extends defineError<AgentDisabled>()("AgentDisabled", {
  code: "AGENT_DISABLED",
  status: statuses.conflict,
  fields: { agentName: Schema.String },
  message: ({ agentName }) => `The agent "${agentName}" is disabled.`,
  hint: ({ agentName }) => `Set agents.${agentName}.enabled to true.`
}) {}

/** The agent is configured, and nothing of it runs. */
export class AgentNotRunning extends defineError<AgentNotRunning>()("AgentNotRunning", {
  code: "AGENT_NOT_RUNNING",
  status: statuses.conflict,
  fields: { agentName: Schema.String },
  message: ({ agentName }) => `The agent "${agentName}" is not running.`,
  hint: ({ agentName }) => `It is started when it is used, or with: signalbox agents add ${agentName}`
}) {}

/** What to do about the answer of a tool. Most that refuse say it themselves, and then it is not about arguments. */
const hintFor = (text: string): string | undefined => {
  const [, status, signal] = /^(?:Exit code (\d+)|Ended by (\w+))(?:\n|$)/.exec(text) ?? []
  const end = status === undefined ? signal && `was ended by ${signal}` : `ended with status ${status}`
  if (end !== undefined) return `The command ran, and ${end}; what it printed stands in the message.`
  return /^Hint: |^Error: [A-Z_]+: /m.test(text)
    ? undefined
    : "Check the arguments against: signalbox tools list --json"
}

/** A tool that a person called by hand answered with an error. In a conversation the model is told instead. */
export class ToolFailed extends defineError<ToolFailed>()("ToolFailed", {
  code: "TOOL_FAILED",
  status: { ...statuses.internal, http: 502 },
  fields: {
    toolName: Schema.String,
    text: Schema.String,
    /** The same for programs, where the tool gives it: the error of a built-in one is at `error`. */
    data: Schema.optionalKey(Schema.Unknown)
  },
  message: ({ text, toolName }) => `The tool "${toolName}" answered with an error: ${text}`,
  hint: ({ text }) => hintFor(text)
}) {}

/** The result of a call for a program, to which an answer that is an error is one. */
export const successOf = (toolName: string, result: ToolResult): Effect.Effect<ToolResult, ToolFailed> => {
  if (!result.isError) return Effect.succeed(result)
  const { structuredContent: data } = result
  return Effect.fail(new ToolFailed({ toolName, text: resultText(result), ...(data === undefined ? {} : { data }) }))
}

/** A sub-agent came to an end without an answer that counts. What it had said so far is in `text`. */
export class TaskUnfinished extends defineError<TaskUnfinished>()("TaskUnfinished", {
  code: "TASK_UNFINISHED",
  status: statuses.badGateway,
  fields: { finishReason: Schema.String, text: Schema.String },
  message: ({ finishReason, text }) =>
    `its conversation ended early (${finishReason})${text === "" ? "" : `, after it had said: ${text}`}`,
  hint: () => "Give a smaller task, or raise the limits (conversation.maxHops, conversation.budget)."
}) {}

/** The client was closed before this was asked of it. */
export class ClientClosed extends defineError<ClientClosed>()("ClientClosed", {
  code: "CLIENT_CLOSED",
  status: statuses.unavailable,
  fields: {},
  message: () => "The client is closed.",
  hint: () => "Make a new one with createClient."
}) {}

/** A prompt in a file needs words that were not typed. Its author may have meant no word at all, or one that can be absent. */
export class PromptWordsMissing extends defineError<PromptWordsMissing>()("PromptWordsMissing", {
  code: "PROMPT_WORDS_MISSING",
  status: statuses.invalidParams,
  fields: {
    promptName: Schema.String,
    /** As the file names them: `$2`. */
    missing: Schema.Array(Schema.String),
    /** What its author says of its words; may be empty. */
    usage: Schema.String,
    file: Schema.String
  },
  message: ({ missing, promptName }) =>
    `Prompt "${promptName}" needs ${missing.length === 1 ? "a word" : "words"} for ${missing.join(" and ")}.`,
  hint: ({ file, missing, promptName, usage }) => {
    const first = missing[0]?.slice(1) ?? "1"
    const how = usage === "" ? "after its name" : `so: ${promptName} ${usage}`
    return `Type it ${how}. In ${file}, \${${first}:-} stands for a word that may be absent, \\$${first} for itself.`
  }
}) {}

/** Every error class of this package, for tables. */
export const hostErrors = [
  ...urlServerErrors,
  ConfigInvalid,
  UntrustedServerType,
  ConfigNotFound,
  ConfigExists,
  ConfigNotWritten,
  ImportFailed,
  ImportInvalid,
  ApprovalsUnusable,
  MissingApiKey,
  AgentNotFound,
  AgentDisabled,
  AgentNotRunning,
  PromptWordsMissing,
  ToolFailed,
  TaskUnfinished,
  ClientClosed
] as const
