/**
 * Failures of models and of tool calls as the turn loop sees them.
 * Failures of MCP servers are defined in `@signalbox/mcp`; they reach the loop as `SignalboxError`.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"
import { ApprovalRefused, ApprovalRequired } from "./approvalErrors.ts"

const provider = { provider: Schema.String }
const said = {
  ...provider,
  /** The provider's own words, as far as it gave any. */
  reason: Schema.String,
  /** The provider's own code for the case, where its API has such: clients of the same API act upon it. */
  errorCode: Schema.optionalKey(Schema.String)
}

/** The key was refused (HTTP 401 or 403). */
export class ProviderAuthFailed extends defineError<ProviderAuthFailed>()("ProviderAuthFailed", {
  code: "PROVIDER_AUTH_FAILED",
  status: statuses.unauthenticated,
  fields: { ...said, httpStatus: Schema.Int },
  message: (error) => `${error.provider} refused the API key (HTTP ${error.httpStatus}): ${error.reason}`,
  hint: () => "Check the API key in the environment variable or file that the configuration names."
}) {}

/** Too many requests or tokens (HTTP 429). `retryAfter` says when to try again, where the provider said so. */
export class ProviderRateLimited extends defineError<ProviderRateLimited>()("ProviderRateLimited", {
  code: "PROVIDER_RATE_LIMITED",
  status: statuses.rateLimited,
  retryable: true,
  fields: said,
  message: (error) => `${error.provider} limits the rate of requests: ${error.reason}`
}) {}

/** The account has no credit left. No retry helps; another provider may. */
export class ProviderQuotaExceeded extends defineError<ProviderQuotaExceeded>()("ProviderQuotaExceeded", {
  code: "PROVIDER_QUOTA_EXCEEDED",
  status: statuses.billing,
  fields: said,
  message: (error) => `The account at ${error.provider} has no credit left: ${error.reason}`,
  hint: () => "Add credit at the provider, or choose another model with --model."
}) {}

/** The provider is overloaded or failing (HTTP 5xx, Anthropic's 529). `retryAfter` says when, where it said so. */
export class ProviderOverloaded extends defineError<ProviderOverloaded>()("ProviderOverloaded", {
  code: "PROVIDER_OVERLOADED",
  status: statuses.overloaded,
  retryable: true,
  fields: { ...said, httpStatus: Schema.Int },
  message: (error) => `${error.provider} is overloaded or failing (HTTP ${error.httpStatus}): ${error.reason}`
}) {}

/** No connection to the provider: unknown host, refused, broken TLS. */
export class ProviderUnreachable extends defineError<ProviderUnreachable>()("ProviderUnreachable", {
  code: "PROVIDER_UNREACHABLE",
  status: statuses.badGateway,
  retryable: true,
  fields: { ...said, url: Schema.String },
  message: (error) => `${error.provider} cannot be reached at ${error.url}: ${error.reason}`,
  hint: () => "Check the network, the base URL and the proxy settings."
}) {}

/**
 * No answer, or no further piece of it, within `limit`; where that is zero, the provider itself said so (HTTP 408,
 * 504).
 */
export class ProviderTimeout extends defineError<ProviderTimeout>()("ProviderTimeout", {
  code: "PROVIDER_TIMEOUT",
  status: statuses.timeout,
  retryable: true,
  fields: { ...said, limit: Schema.DurationFromMillis },
  message: (error) => `${error.provider} did not answer in time: ${error.reason}`
}) {}

/** The provider answered what its API does not allow: broken JSON, a web page, events out of order. */
export class ProviderInvalidResponse extends defineError<ProviderInvalidResponse>()("ProviderInvalidResponse", {
  code: "PROVIDER_INVALID_RESPONSE",
  status: statuses.badGateway,
  fields: said,
  message: (error) => `${error.provider} answered something that its API does not allow: ${error.reason}`,
  hint: () => "See whether its baseUrl leads to that API, and to nothing between that answers for it: signalbox doctor"
}) {}

/** The provider found the request wrong (HTTP 4xx). Sending it again does not help. */
export class ModelRequestRejected extends defineError<ModelRequestRejected>()("ModelRequestRejected", {
  code: "MODEL_REQUEST_REJECTED",
  status: statuses.badData,
  fields: { ...said, httpStatus: Schema.Int },
  message: (error) => `${error.provider} rejected the request (HTTP ${error.httpStatus}): ${error.reason}`
}) {}

/** The provider does not have the model, or not for this key. */
export class ModelNotFound extends defineError<ModelNotFound>()("ModelNotFound", {
  code: "MODEL_NOT_FOUND",
  status: statuses.notFound,
  fields: { ...said, model: Schema.String },
  message: (error) => `${error.provider} has no model "${error.model}": ${error.reason}`,
  hint: () => "Choose another model with --model."
}) {}

/**
 * The provider withheld the answer for what it says or was asked (`content_filter`). The same request will fare the
 * same.
 */
export class ContentFiltered extends defineError<ContentFiltered>()("ContentFiltered", {
  code: "CONTENT_FILTERED",
  status: statuses.badData,
  fields: said,
  message: (error) => `${error.provider} withheld the answer: ${error.reason}`
}) {}

/** The stream of an answer ended before the answer did. What had come by then was handed on. */
export class StreamInterrupted extends defineError<StreamInterrupted>()("StreamInterrupted", {
  code: "STREAM_INTERRUPTED",
  status: statuses.badGateway,
  retryable: true,
  fields: said,
  message: (error) => `The answer of ${error.provider} broke off: ${error.reason}`,
  hint: () => "Ask again. If it breaks off each time, something between may end long answers: signalbox doctor"
}) {}

/** What was the last failure before an upstream was left alone. */
const LastFailure = Schema.Struct({ code: Schema.String, message: Schema.String })

/** The message of `ProviderCircuitOpen`, for whatever may be said of the last failure. */
export const circuitOpenMessage = (error: {
  readonly provider: string
  readonly reason: string
  readonly lastFailure?: typeof LastFailure.Type
}): string => {
  const { lastFailure: last, provider, reason } = error
  return `${provider} was not asked: ${reason}${last === undefined ? "" : ` Its last failure: ${last.code}: ${last.message}`}`
}

/**
 * The upstream has failed so often that it is left alone for a while, or is so by hand: it was not asked. `retryAfter`
 * says when it is asked again, and `lastFailure` why it is not; that failure itself is the `cause`.
 */
export class ProviderCircuitOpen extends defineError<ProviderCircuitOpen>()("ProviderCircuitOpen", {
  code: "PROVIDER_CIRCUIT_OPEN",
  status: statuses.unavailable,
  retryable: true,
  fields: { ...said, lastFailure: Schema.optionalKey(LastFailure) },
  message: circuitOpenMessage,
  hint: () => "Wait until the provider has recovered, or name a fallback for the model."
}) {}

/**
 * So many requests to the upstream run and wait here already that this one was turned away. `retryAfter` says when to
 * come again.
 */
export class ProviderBusy extends defineError<ProviderBusy>()("ProviderBusy", {
  code: "PROVIDER_BUSY",
  status: statuses.overloaded,
  retryable: true,
  fields: said,
  message: (error) => `Too many requests to ${error.provider} at once: ${error.reason}`,
  hint: () => "Ask less at once, or raise the limit of requests to this provider."
}) {}

/** A limit of the caller's own on cost, tokens, time or model calls. What had come of the answer by then was handed on. */
export class BudgetExceeded extends defineError<BudgetExceeded>()("BudgetExceeded", {
  code: "BUDGET_EXCEEDED",
  status: statuses.billing,
  fields: {
    ...provider,
    limitName: Schema.Literals(["maxCostUsd", "maxTokens", "maxSeconds", "maxHops"]),
    /** In the unit of the limit. During a call it is an estimate. */
    spent: Schema.Finite,
    limit: Schema.Finite,
    /** Whether a call was cut off; otherwise one was not begun. */
    duringCall: Schema.Boolean
  },
  message: ({ duringCall, limit, limitName, spent }) =>
    `The budget is used up: ${limitName} is ${limit}, and ${spent} ${duringCall ? "is spent" : "would be spent"}.`,
  hint: ({ limitName }) => `Raise ${limitName} of the budget, or ask for less.`
}) {}

/** After every attempt, the model's answer was not what the schema asks for. `issues` are those of the last one. */
export class StructuredOutputInvalid extends defineError<StructuredOutputInvalid>()("StructuredOutputInvalid", {
  code: "STRUCTURED_OUTPUT",
  status: statuses.badGateway,
  fields: {
    provider: Schema.String,
    attempts: Schema.Int,
    issues: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
  },
  message: ({ attempts, issues, provider }) =>
    `${provider} gave no valid object in ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${issues
      .map(({ message, path }) => (path === "" ? message : `${path}: ${message}`))
      .join("; ")}`,
  hint: () => "Make the schema simpler or say in the request what is meant, or choose a larger model."
}) {}

/** Tokens cannot be counted, since the vocabulary is not there. */
export class TokenizerMissing extends defineError<TokenizerMissing>()("TokenizerMissing", {
  code: "TOKENIZER_MISSING",
  status: statuses.configuration,
  fields: { encoding: Schema.String },
  message: ({ encoding }) => `The vocabulary ${encoding} could not be loaded.`,
  hint: () => "Install gpt-tokenizer beside @signalbox/model: npm install gpt-tokenizer."
}) {}

/** Rules of routing that cannot be meant, all problems at once. */
export class RoutingPlanInvalid extends defineError<RoutingPlanInvalid>()("RoutingPlanInvalid", {
  code: "ROUTING_PLAN_INVALID",
  status: statuses.configuration,
  fields: { problems: Schema.Array(Schema.String) },
  message: ({ problems }) => `The routing of models is not valid: ${problems.join("; ")}.`
}) {}

/**
 * No source has a tool of this name. `nearest` is the name that was probably meant. Where the caller named a server,
 * `serverName` is that one, and the other names are those of its tools; `sharedBy` has the servers that each have a
 * tool of this name, where the caller did not say whose.
 */
export class ToolNotFound extends defineError<ToolNotFound>()("ToolNotFound", {
  code: "TOOL_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    toolName: Schema.String,
    nearest: Schema.optionalKey(Schema.String),
    available: Schema.Array(Schema.String),
    serverName: Schema.optionalKey(Schema.String),
    sharedBy: Schema.optionalKey(Schema.Array(Schema.String))
  },
  message: ({ available, nearest, serverName, sharedBy, toolName }) => {
    if (sharedBy !== undefined) return `Several servers have the tool "${toolName}": ${sharedBy.join(", ")}.`
    const shown = available.slice(0, 20).join(", ")
    const more = available.length > 20 ? `, and ${available.length - 20} more` : ""
    const known = available.length === 0 ? "No tools are available." : `Available: ${shown}${more}.`
    const missing =
      serverName === undefined ? `There is no tool "${toolName}".` : `Server "${serverName}" has no tool "${toolName}".`
    return `${missing}${nearest === undefined ? "" : ` Did you mean "${nearest}"?`} ${known}`
  },
  hint: ({ serverName, sharedBy, toolName }) =>
    sharedBy?.[0] === undefined
      ? `See which there are: signalbox tools list${serverName === undefined ? "" : ` --server ${serverName}`}`
      : `Say which: signalbox tools call ${sharedBy[0]} ${toolName}`
}) {}

/** One thing that is wrong with the arguments of a tool call. */
export const ValidationError = Schema.Struct({
  field: Schema.String,
  message: Schema.String,
  type: Schema.String,
  input: Schema.optionalKey(Schema.Unknown)
})

/** The arguments of a call do not fit the input schema of the tool. It was not run; a model can correct them. */
export class InvalidParams extends defineError<InvalidParams>()("InvalidParams", {
  code: "INVALID_PARAMS",
  status: statuses.invalidParams,
  fields: { toolName: Schema.String, validationErrors: Schema.Array(ValidationError) },
  message: ({ toolName, validationErrors }) => {
    const [first] = validationErrors
    if (first === undefined) return `Parameter validation failed for tool "${toolName}".`
    return validationErrors.length === 1
      ? `Parameter validation failed for tool "${toolName}": ${first.field === "" ? "" : `${first.field}: `}${first.message}`
      : `Parameter validation failed for tool "${toolName}" (${validationErrors.length} errors): ${validationErrors.map((error) => `${error.field}: ${error.message}`).join("; ")}`
  }
}) {}

/** A tool did not answer within the limit for tool calls. Whether it ran to its end is not known here. */
export class ToolTimeout extends defineError<ToolTimeout>()("ToolTimeout", {
  code: "TOOL_TIMEOUT",
  status: statuses.timeout,
  fields: { toolName: Schema.String, source: Schema.String, limit: Schema.DurationFromMillis },
  message: ({ limit, source, toolName }) =>
    `The tool "${toolName}" of "${source}" did not finish within ${Duration.format(limit)}.`,
  hint: () => "Raise the limit for tool calls (toolTimeout), or ask for less at once."
}) {}

/** What a `LanguageModel` can fail with. */
export type ModelError =
  | ProviderAuthFailed
  | ProviderRateLimited
  | ProviderQuotaExceeded
  | ProviderOverloaded
  | ProviderUnreachable
  | ProviderTimeout
  | ProviderInvalidResponse
  | ModelRequestRejected
  | ModelNotFound
  | ContentFiltered
  | StreamInterrupted
  | ProviderCircuitOpen
  | ProviderBusy
  | BudgetExceeded

/** Every error class of this package, for tables. */
export const modelErrors = [
  ProviderAuthFailed,
  ProviderRateLimited,
  ProviderQuotaExceeded,
  ProviderOverloaded,
  ProviderUnreachable,
  ProviderTimeout,
  ProviderInvalidResponse,
  ModelRequestRejected,
  ModelNotFound,
  ContentFiltered,
  StreamInterrupted,
  ProviderCircuitOpen,
  ProviderBusy,
  BudgetExceeded,
  StructuredOutputInvalid,
  RoutingPlanInvalid,
  TokenizerMissing,
  ToolNotFound,
  InvalidParams,
  ToolTimeout,
  ApprovalRefused,
  ApprovalRequired
] as const
