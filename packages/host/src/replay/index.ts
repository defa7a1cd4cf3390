export { openReplay, type OpenedReplay, type ReplayChoice } from "./openReplay.ts"
export { recordHost, type RecordedRun } from "./recordHost.ts"
export { RecordedHost } from "./recordedConfig.ts"
