// Conversations as files
export { type JsonlOptions, layerJsonl } from "./layerJsonl.ts"

// Locks between processes
export { FileLock, lockTimeout } from "./FileLock.ts"
export { ProcessIdentities, type ProcessStart } from "./ProcessIdentities.ts"
