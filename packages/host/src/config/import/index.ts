// Servers of other programs
export { findForeignServers, type ForeignCandidate, type ForeignServers, type ForeignSource } from "./findForeign.ts"
export { type ForeignFile, foreignFiles, type ForeignPlaces } from "./foreignFiles.ts"
export type { Places, ForeignFormat, System } from "./ForeignFormat.ts"
export { foreignFormats } from "./formats.ts"
export type { ImportedOverrides, ImportedServer } from "./ImportedServer.ts"
export { type ImportedServers, importServers } from "./importServers.ts"
export { type SecretVariable, withoutSecrets } from "./secretReferences.ts"

// Agents of other programs
export { type ImportedAgent, type ImportedAgents, importAgents, isAgentManifest } from "./manifest/importAgents.ts"
