// Connecting
export { connect } from "./connect.ts"
export {
  type HttpOptions,
  type InProcessOptions,
  type MaybeSecret,
  serverDefaults,
  type ServerOptions,
  type StdioOptions
} from "./ServerOptions.ts"
export type { RpcMessage, ServerTransport } from "./wire.ts"
export { type WireListener, WireTap } from "./WireTap.ts"
export { childEnvironment, ParentEnvironment } from "./stdio/environment.ts"
export { type Program, resolveCommand } from "./stdio/command.ts"

// Logging in
export { type LoginStatus, loginStatus } from "./auth/loginStatus.ts"
export type { OAuthOptions, PrivateKey } from "./auth/OAuthOptions.ts"
export { layerTokenFiles, layerTokenMemory, TokenStore } from "./auth/TokenStore.ts"

// Using a connection
export type { CallProgress, CallResult, LogMessage, McpClient, ServerIdentity, ToolCall } from "./McpClient.ts"
export type { JsonObject, McpTool, ToolHints, ToolList } from "./McpTool.ts"
export { readToolList } from "./tools.ts"

// Prompts and resources
export type {
  Completion,
  CompletionRequest,
  Listing,
  LogLevel,
  McpPrompt,
  McpResource,
  McpResourceTemplate,
  PromptArgument,
  PromptMessages,
  Prompts,
  ResourceContent,
  Resources
} from "./McpPrompt.ts"

// Being asked back
export {
  type Elicitation,
  type ElicitationReply,
  noQuestions,
  type Questions,
  type Respondent,
  type Root,
  type Sampling,
  type SamplingMessage,
  type SamplingReply
} from "./Questions.ts"

// Failures
export { AuthorizationFailed, TokenStoreUnusable } from "./auth/authErrors.ts"
export {
  type CallError,
  type ConnectError,
  countsAsConnectionFailure,
  mcpErrors,
  type ServerError,
  wasNotExecuted
} from "./errors.ts"
export {
  AuthorizationRequired,
  HandshakeRejected,
  HandshakeTimeout,
  ProtocolMismatch,
  RedirectRefused,
  ServeFailed,
  ServerHttpStatus,
  ServerUnreachable,
  SpawnFailed
} from "./connectErrors.ts"
export {
  BadGateway,
  ConnectionClosed,
  InvalidResult,
  ListFailed,
  RequestRejected,
  RequestTimeout,
  ServerExited,
  SessionExpired,
  StreamLost
} from "./connectionErrors.ts"
export {
  QuestionUnanswered,
  RequestTooLarge,
  ResponseTooLarge,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "./callErrors.ts"
