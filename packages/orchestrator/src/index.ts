// Many servers as one toolbox
export { ServerOrchestrator } from "./ServerOrchestrator.ts"
export { type StartError } from "./Supervisor.ts"
export {
  type ManagedServer,
  managedDefaults,
  orchestratorDefaults,
  type OrchestratorOptions,
  type RestartOptions,
  type RestartPolicy
} from "./OrchestratorOptions.ts"

// Watching them
export { type ServerEvent, type ServerInfo, ServerInfoJson, serverInfoJson, ServerState } from "./ServerInfo.ts"

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
  ServerUnavailable
} from "./errors.ts"

// Its parts
export { Connector } from "./Connector.ts"
export { OrphanSweep } from "./OrphanSweep.ts"
export { ToolCache } from "./ToolCache.ts"
