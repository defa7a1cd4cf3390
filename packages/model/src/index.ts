// Messages and blocks
export {
  ContentBlock,
  DocumentBlock,
  ImageBlock,
  isJsonObject,
  JsonObject,
  OpaqueBlock,
  RedactedThinkingBlock,
  RunBy,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
  ToolResultContent,
  ToolUseBlock
} from "./ContentBlock.ts"
export {
  addUsage,
  Message,
  ModelReply,
  type ModelRequest,
  noUsage,
  type StopReason,
  textMessage,
  textOf,
  type ToolChoice,
  Usage,
  VendorFields
} from "./Message.ts"

// Models
export { collectReply, LanguageModel, makeLanguageModel } from "./LanguageModel.ts"
export { retryModel } from "./retryModel.ts"
export { BlockDelta, ModelEvent } from "./ModelEvent.ts"
export type { ServedEvent, ServedReply, ServedRequest, ServedStep, ServedStream } from "./ServedTurn.ts"
export { emptyFold, type EventFold, eventsOf, foldEvent, withInputText } from "./foldEvents.ts"

// Tools
export { isSafeToRepeat, resultText, textResult, ToolAnnotations, ToolDefinition, ToolResult } from "./Tool.ts"
export { callerToolbox, emptyToolbox, inventoryOf, joinToolboxes, Toolbox, type ToolInventory } from "./Toolbox.ts"
export { makeSteadyToolbox, type SteadyToolbox } from "./SteadyToolbox.ts"
export {
  fitName,
  type NamedTool,
  type NamedTools,
  nameTools,
  type NamingPolicy,
  qualifiedName,
  qualifiedNames
} from "./naming.ts"
export { nearestName } from "./nearestName.ts"

// Calls
export { type CallContext, localCall } from "./CallContext.ts"
export {
  type ApprovalDecision,
  type ApprovalRequest,
  type Asker,
  type ElicitationAnswer,
  type ElicitationRequest,
  Interaction,
  type ToolProgress
} from "./Interaction.ts"

// Errors
export {
  ContentFiltered,
  InvalidParams,
  type ModelError,
  modelErrors,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderInvalidResponse,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnreachable,
  StreamInterrupted,
  ToolNotFound,
  ToolTimeout,
  ValidationError
} from "./errors.ts"
