// Many servers as one toolbox
export { ServerOrchestrator } from "./ServerOrchestrator.ts"
export { type Reconfigured } from "./ServerSlots.ts"
export { type StartError } from "./Supervisor.ts"
export {
  type ManagedServer,
  type HealthOptions,
  managedDefaults,
  orchestratorDefaults,
  type OrchestratorOptions,
  type RestartOptions,
  type RestartPolicy
} from "./OrchestratorOptions.ts"

// Watching them
export {
  HealthStatus,
  type ServerEvent,
  type ServerHealth,
  type ServerInfo,
  ServerInfoJson,
  serverInfoJson,
  ServerState
} from "./ServerInfo.ts"

export { type HealthProblem, type HealthReport } from "./healthReport.ts"

// Failures
export {
  ConnectionFailed,
  DuplicateServerName,
  orchestratorErrors,
  ServerAlreadyRunning,
  ServerBusy,
  ServerNotFound,
  ServerNotRunning,
  ServerStartupFailed,
  ServerUnavailable,
  ServerUnhealthy
} from "./errors.ts"

// Its parts
export { Connector } from "./Connector.ts"
export { OrphanSweep } from "./OrphanSweep.ts"
export { ToolCache } from "./ToolCache.ts"
