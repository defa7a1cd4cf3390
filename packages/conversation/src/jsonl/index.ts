// Conversations as files
export { type JsonlOptions, layerJsonl } from "./layerJsonl.ts"

// What is too long for them
export { makeResultFiles } from "./resultFiles.ts"

// Locks between processes
export { FileLock, lockTimeout } from "./FileLock.ts"
export { ProcessIdentities, type ProcessStart } from "./ProcessIdentities.ts"
