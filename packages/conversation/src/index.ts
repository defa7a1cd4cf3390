// One turn
export { collectTurn, runTurn, type TurnError } from "./turn.ts"
export type { TurnOptions, TurnRequest } from "./TurnOptions.ts"
export type { ToolEvent, TurnEvent } from "./TurnEvent.ts"
export {
  type AskFirst,
  type BeforeTool,
  type HookCall,
  type HookError,
  joinHooks,
  noHooks,
  type PendingCall,
  type TurnEnd,
  type TurnHooks
} from "./TurnHooks.ts"
export { describingTools, renderToolsContext } from "./toolsContext.ts"
export { type ContextPrompt, type ContextResource, type OffersContext, renderOffersContext } from "./offersContext.ts"
export { presetLimits, type RepeatLimits, type TurnLimits } from "./TurnLimits.ts"
export { type FinishReason, hasPendingCalls, successRate, TurnResult, TurnStep } from "./TurnResult.ts"
export { pendingCallsOf, resumeWith } from "./history.ts"

export { LogsContent } from "./LogsContent.ts"
// Tools
export { type ToolBatch, ToolExecutor, type ToolExecutorOptions } from "./ToolExecutor.ts"
export { ToolOutcome, toolResultBlock, ToolStatus } from "./ToolOutcome.ts"

// What a model takes
export type { TurnContext } from "./context/TurnContext.ts"
export {
  type ContextWindow,
  type ContextWindowOptions,
  type FittedRequest,
  makeContextWindow
} from "./context/ContextWindow.ts"
export { trimMessages, type TrimmedMessages, type TrimOptions } from "./context/trimMessages.ts"
export type { ResultLimits } from "./context/keepResult.ts"
export type { ResultStore } from "./context/ResultStore.ts"
export type { ToolBudget } from "./context/offeredTools.ts"
export type { SummaryOptions } from "./context/summarise.ts"

// Approval
export { askedByTool, type AskedByToolOptions } from "./approval/askedByTool.ts"
export { type Approval, makeApproval } from "./approval/Approval.ts"
export { type ApprovalMode, type ApprovalPolicy, type ApprovalVerdict, judgeCall } from "./approval/ApprovalPolicy.ts"
export {
  type ApprovalRule,
  allowsCall,
  type CallPattern,
  fitsCall,
  readPattern,
  showPattern
} from "./approval/ApprovalRule.ts"
export {
  type ApprovalMemory,
  type ApprovalStore,
  type JudgedCall,
  type KeptApproval,
  makeApprovalMemory
} from "./approval/ApprovalMemory.ts"

// Conversations
export {
  ConversationClient,
  type ConversationOptions,
  type ForkSessionOptions,
  type StartOptions
} from "./ConversationClient.ts"
export { ConversationSession } from "./ConversationSession.ts"
export type { AnsweringModel, SendOptions, SessionOptions } from "./SessionOptions.ts"
export type { CompactResult } from "./context/compactNow.ts"
export { SessionSummary } from "./SessionSummary.ts"

// Journal
export { Journal, type JournalRecord, type JournalStep, type StepSafety } from "./Journal.ts"

// Conversations that are kept
export { ChatEvent, type ChatEventType, eventLimits, type NewEvent, uniqueKey } from "./events/ChatEvent.ts"
export { type DecodedEvent, decodeEvent, decodeLine } from "./events/olderEvents.ts"
export { EventStore } from "./events/EventStore.ts"
export type { CompactedAnswer, EventQuery } from "./events/eventVerbs.ts"
export {
  type CountTokens,
  lastTokens,
  type MemoryWindow,
  remembered,
  type TokenDistribution,
  tokenDistribution,
  type VisibilityPolicy,
  visibleToModel
} from "./events/windows.ts"
export { type ForkOptions, type Forked, forkConversation } from "./events/fork.ts"
export { nextName } from "./events/nextName.ts"
export { type RewindOptions, rewindConversation, type Rewound } from "./events/rewind.ts"
export { type OpenCall, type OpenStep, openStepsOf } from "./events/openSteps.ts"
export type { HistoryPoint, StepPoint, TurnPoint } from "./events/turnPoints.ts"
export { type ConversationOverview, type ForkOrigin, forkOriginsOf, overviewOf } from "./events/conversationOverview.ts"
export {
  EventRejected,
  HistoryCorrupt,
  HistoryTooNew,
  HistoryUnavailable,
  LockTimeout,
  PointNotFound,
  StorageFull,
  type StoreError
} from "./events/errors.ts"
export {
  type DatabaseError,
  DatabaseFailed,
  DatabaseRefused,
  DatabaseUnreachable,
  TurnTakenOver
} from "./events/databaseErrors.ts"

// Errors
export {
  conversationErrors,
  HookFailed,
  HookRefused,
  type JournalError,
  JournalUnwritable,
  OutcomeUnknown,
  SessionClosed,
  SessionExists,
  SessionNotFound,
  ToolDenied,
  TooManySessions
} from "./errors.ts"
