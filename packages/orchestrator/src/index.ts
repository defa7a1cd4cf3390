// Many servers as one toolbox
export { ServerOrchestrator } from "./ServerOrchestrator.ts"
export type { Reconfigured } from "./ServerSlots.ts"
export type { StartError } from "./Supervisor.ts"
export {
  type ManagedServer,
  type HealthOptions,
  letsThrough,
  managedDefaults,
  type MetricsOptions,
  orchestratorDefaults,
  type OrchestratorOptions,
  type RestartOptions,
  type RestartPolicy,
  type SessionOptions,
  type StartCall,
  type ToolRules
} from "./OrchestratorOptions.ts"

// Several sets of servers, apart from one another
export {
  type ReconnectExits,
  type ReconnectScope,
  ServerSets,
  type ServerSetsMetrics,
  type ServerSetsOptions
} from "./ServerSets.ts"
export type { AddError, PrepareSet, ServerSet, ServerSetEvent } from "./ServerSet.ts"
export { ServerSetState, type ServerSetStatus, ServerSetStatusJson, serverSetStatusJson } from "./ServerSetStatus.ts"

// Watching them
export {
  HealthStatus,
  type LogLine,
  type ServerCircuit,
  type ServerEvent,
  type ServerHealth,
  type ServerInfo,
  ServerInfoJson,
  serverInfoJson,
  ServerState
} from "./ServerInfo.ts"

export type { HealthProblem, HealthReport } from "./healthReport.ts"

export type { Conversation } from "./guard/ServerSessions.ts"
export type { BreakerControls } from "./guard/BreakerControls.ts"
export { type OrchestratorMetrics, ownRegistry, type SetLabels } from "./metrics/OrchestratorMetrics.ts"
export {
  circuitNumbers,
  CircuitNumbers,
  MetricsSnapshot,
  PoolNumbers,
  ServerNumbers,
  SetNumbers,
  WindowNumbers
} from "./metrics/MetricsSnapshot.ts"
export { prometheusContentType } from "./metrics/prometheus.ts"
export type { WatchedSources } from "./metrics/watched.ts"

export { Alert } from "./alerts/Alert.ts"
export { AlertKind, type AlertOptions, type AlertRule, AlertSeverity } from "./alerts/AlertRule.ts"

// Prompts and resources
export type { FilledPrompt, PartialArgument, PromptDefinition, ServerPrompts } from "./offers/ServerPrompts.ts"
export type {
  AddressError,
  ReadResource,
  ResourceDefinition,
  ResourceRef,
  ResourceTemplateDefinition,
  ServerResources
} from "./offers/ServerResources.ts"
export type { AskError } from "./offers/askServer.ts"
export type { ResourceAddress } from "./offers/resourceAddress.ts"
export { PromptArgumentsMissing, PromptNotFound, ResourceAmbiguous, ResourceNotFound } from "./offers/errors.ts"

// Failures
export {
  ConnectionFailed,
  ConnectionsExhausted,
  DuplicateServerName,
  NoServerConnected,
  orchestratorErrors,
  RunnerNotFound,
  RuntimeVersionMismatch,
  ServerAlreadyRunning,
  ServerBusy,
  ServerCircuitOpen,
  ServerFileNotFound,
  ServerNotFound,
  ServerNotRunning,
  ServerSetExists,
  ServerSetNotFound,
  ServerSetNotPrepared,
  ServerStartupFailed,
  ServerIncomplete,
  StartCallFailed,
  ServerUnavailable,
  ServerUnhealthy,
  SessionsExhausted
} from "./errors.ts"

// Its parts
export { Connector, ConnectorSeam } from "./Connector.ts"
export { markOwner, OrphanSweep } from "./OrphanSweep.ts"
export { ownerVariable, ProcessEnvironments } from "./processTable.ts"
export { isPackageRunner } from "./packageRunner.ts"
export { type ProgramError, type ProgramNeeds, requireFile, type Requirements } from "./runtimes/RuntimeCheck.ts"
export {
  fileCommand,
  isOneVersion,
  type Runner,
  type RunnerChoice,
  runnerRuntimes,
  type Runtime,
  runtimeProgram,
  runtimes,
  withRunner
} from "./runtimes/runtimeCommand.ts"
export { runtimeVersion } from "./runtimes/runtimeVersion.ts"
export { isInRange, isVersionRange } from "./runtimes/versionRange.ts"
export { makeCap, SharedConnectionCap } from "./connectionPlace.ts"
export { makeStartGate, SharedStartGate, type StartGate } from "./StartGate.ts"
export { ToolCache } from "./ToolCache.ts"
