// The control API from outside: finding a running host, and asking it
export { type ControlClient, type ControlConnection, connectControl } from "./ControlClient.ts"
export { ControlApi } from "./ControlApi.ts"
export { claimPlace, type ClaimedPlace, findHost, type HostFacts, HostRecord } from "./HostRecord.ts"
export { controlPlace, type ControlPlace } from "./controlPlace.ts"

// What it answers
export { type ApiFailure } from "./ApiFailure.ts"
export { ServerOutcomes, ServerStatus } from "./groups/servers.ts"
export { ControlEvent } from "./groups/watching.ts"
export { ReloadedJson } from "./groups/host.ts"

// Failures
export { hostFailure, type ToldFailure } from "./HostFailure.ts"
export {
  ControlDirectoryUnusable,
  controlErrors,
  HostAlreadyRunning,
  HostNotAnswering,
  InvalidControlRequest,
  NoRunningHost
} from "./errors.ts"
