// The control API from outside: finding a running host, and asking it
export { connectControl } from "./connectControl.ts"
export type { ControlClient, ControlConnection } from "./ControlClient.ts"
export { claimPlace, type ClaimedPlace, findHost, type HostFacts, HostRecord } from "./HostRecord.ts"
export { controlPlace, type ControlPlace } from "./controlPlace.ts"

// What it answers
export type { ApiFailure } from "./ApiFailure.ts"
export type { ServerOutcomes, ServerStatus } from "./groups/servers.ts"
export type { ToolJson, ToolResultJson } from "./groups/tools.ts"
export type { ControlEvent, HostNumbers } from "./groups/watching.ts"
export type { ReloadedJson } from "./groups/host.ts"

// Failures
export { hostFailure } from "./HostFailure.ts"
export {
  ControlDirectoryUnusable,
  controlErrors,
  HostAlreadyRunning,
  HostNotAnswering,
  InvalidControlRequest,
  NoRunningHost
} from "./errors.ts"
