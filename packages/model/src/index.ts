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
  laterUsage,
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
export { retryAnswer, retryModel } from "./retryModel.ts"
export { isSealed, sealThought, unsealThought } from "./sealedThought.ts"
export { BlockDelta, ModelEvent } from "./ModelEvent.ts"
export type {
  ApprovalAnswer,
  ServedApprovals,
  ServedEvent,
  ServedReply,
  ServedRequest,
  ServedStep,
  ServedStream
} from "./ServedTurn.ts"
export { emptyFold, type EventFold, eventsOf, foldEvent, withInputText } from "./foldEvents.ts"

// Tools
export { isLostResult, lostResult } from "./lostResult.ts"
export { isSafeToRepeat, resultText, textResult, ToolAnnotations, ToolDefinition, ToolResult } from "./Tool.ts"
export { callerToolbox, emptyToolbox, inventoryOf, joinToolboxes, Toolbox, type ToolInventory } from "./Toolbox.ts"
export { narrowToolbox } from "./narrowToolbox.ts"
export { makeSteadyToolbox, type SteadyToolbox } from "./SteadyToolbox.ts"
export {
  fitName,
  identityOf,
  freeName,
  type NamedTool,
  type NamedTools,
  nameTools,
  type NamingPolicy,
  ownName,
  qualifiedName,
  qualifiedNames,
  sourceOf
} from "./naming.ts"
export { nearestName } from "./nearestName.ts"
export { type InputCheck, makeInputCheck } from "./schema/inputCheck.ts"

// Calls
export { type CallContext, localCall } from "./CallContext.ts"
export {
  type ApprovalDecision,
  type ApprovalReach,
  type ApprovalRequest,
  type Asker,
  type ElicitationAnswer,
  type ElicitationRequest,
  Interaction,
  type ToolProgress
} from "./Interaction.ts"
export { makeQuestionClock, type QuestionClock } from "./questionClock.ts"
export { ApprovalRefused, ApprovalRequired, notApproved } from "./approvalErrors.ts"

// Regular expressions that take linear time
export { linearPattern, type LinearPatternOptions, linearSpans, linearTest } from "./patterns/linearPattern.ts"
export type { StateTest, Turn } from "./patterns/runStates.ts"
export type { Span } from "./patterns/stateSpans.ts"

// Models for names
export {
  makeRoutingPlan,
  type ModelMatch,
  type ModelRoute,
  type RouteFallbacks,
  type RoutingOptions,
  type RoutingPlan,
  type RoutingRule
} from "./routing/RoutingPlan.ts"
export { listedModels, type ResolvedModel, resolveModel } from "./routing/resolveModel.ts"
export { aliasRules } from "./routing/aliasRules.ts"
export { ModelRouter, type RouteOptions, routeModels } from "./routing/ModelRouter.ts"
export { type FallbackCandidate, fallbackModel, isWorthFallback } from "./routing/fallbackModel.ts"
export { FallbackAhead } from "./routing/FallbackAhead.ts"
export { GivenUpRoutes } from "./routing/GivenUpRoutes.ts"

export { contextWindowOf } from "./contextWindow.ts"

// What stands around a model
export { type CallNote, CallNotes } from "./CallNotes.ts"
export { CallerPatience } from "./guard/CallerPatience.ts"
export { guardAnswer, guardModel, type GuardModelOptions, isUpstreamFault } from "./guard/guardModel.ts"
export { makeRateBucket, type RateBucket } from "./guard/RateBucket.ts"
export { rateAnswer, ratedModel, type RatedModelOptions } from "./guard/ratedModel.ts"
export { canonicalJson } from "./cache/canonicalJson.ts"
export { joinBytes } from "./joinBytes.ts"
export { updateStreamContext } from "./updateStreamContext.ts"
export { isCacheable, makeCacheModel, type ResponseCacheOptions } from "./cache/cacheModel.ts"
export { type GeneratedObject, generateObject, type GenerateObjectOptions } from "./structured/generateObject.ts"
export { jsonSchemaOf, type ObjectSchema } from "./structured/jsonSchemaOf.ts"

// What models cost
export { costOf, type ModelPrices, type PriceEntry, pricesFor } from "./spend/prices.ts"
export { type UsageEntry, UsageLedger, UsageSum } from "./spend/UsageLedger.ts"
export {
  type MeteredCall,
  meteredModel,
  type MeteredModelOptions,
  Principal,
  recordCall
} from "./spend/meteredModel.ts"
export {
  type Budget,
  type BudgetedCall,
  type BudgetMeter,
  type BudgetOptions,
  type BudgetRun,
  type BudgetSpent,
  makeBudgetMeter
} from "./spend/Budget.ts"
export { budgetModel } from "./spend/budgetModel.ts"
export { makeRunningUsage, type RunningUsage } from "./spend/runningUsage.ts"

// Failures as clients of model APIs are told of them
export { clientMessage, isToldInPart } from "./clientMessage.ts"
export { retryHeaders } from "./retryHeaders.ts"

// Errors
export {
  BudgetExceeded,
  ContentFiltered,
  InvalidParams,
  type ModelError,
  modelErrors,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderBusy,
  ProviderCircuitOpen,
  ProviderInvalidResponse,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout,
  ProviderUnreachable,
  RoutingPlanInvalid,
  StreamInterrupted,
  StructuredOutputInvalid,
  TokenizerMissing,
  ToolNotFound,
  ToolTimeout,
  ValidationError
} from "./errors.ts"
