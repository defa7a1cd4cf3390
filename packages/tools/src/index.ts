// The tools
export { type BuiltInCallError, type BuiltInRequirements, BuiltInTools } from "./BuiltInTools.ts"
export {
  type BuiltInName,
  type CommandOptions,
  type LimitOptions,
  type PathOptions,
  type ToolLimit,
  toolNames,
  type ToolsOptions,
  type UndoOptions,
  type UrlOptions
} from "./ToolsOptions.ts"
export { readOnlyTools, toolsDefaults } from "./toolsDefaults.ts"

// Ports
export {
  DirectFiles,
  type EntryDetails,
  type EntryKind,
  type FaultKind,
  FileFault,
  type OpenedFile,
  type OpenedFolder
} from "./paths/DirectFiles.ts"
export { WebAccess, type WebAnswer, WebFault } from "./web/WebAccess.ts"
export { type SearchEngine, SearchFault, type SearchHit, SearchProvider } from "./web/SearchProvider.ts"
export { brave, braveUrl, searxng } from "./web/searchEngines.ts"
export { SubAgent, type SubAgentService, type SubAgentTask } from "./task/SubAgent.ts"

// Policies, for whoever builds a tool of his own
export { makePathPolicy, type PathPolicy, type PathUse, type Place } from "./paths/PathPolicy.ts"
export { type CommandPolicy, type CommandVerdict, makeCommandPolicy } from "./bash/CommandPolicy.ts"
export { type CheckedUrl, makeUrlPolicy, type UrlPolicy } from "./web/UrlPolicy.ts"
export { makeWorkspace, type Workspace } from "./paths/Workspace.ts"

export { type CallJudge, type CallVerdict, makeCallJudge } from "./CallJudge.ts"

// What is counted
export { type BuiltInNumbers, builtInNumbers } from "./metrics.ts"

// Where commands run
export { describeSandbox, findSandbox, type SandboxState } from "./sandbox/Sandbox.ts"

// Changes that can be taken back
export type { WorkspaceError } from "./paths/Workspace.ts"
export { FileChange } from "./undo/UndoJournal.ts"
export type { ChangedFile } from "./files/previewChange.ts"

// Errors
export {
  type BuiltInError,
  CommandNotStarted,
  CommandRefused,
  EditFailed,
  EntryNotFound,
  FetchFailed,
  FileAccessDenied,
  FileBinary,
  FileFailed,
  FileKindWrong,
  FileNotFound,
  FileTooLarge,
  NotebookInvalid,
  PathRefused,
  PatternInvalid,
  SandboxUnavailable,
  SearchFailed,
  SearchNotConfigured,
  SubAgentUnavailable,
  ToolRootMissing,
  toolsErrors,
  ToolStateFailed,
  ToolTookTooLong,
  UndoRefused,
  UrlRefused
} from "./errors.ts"
