// What is wrong with servers
export { type Probe, probeDefaults, type ProbeOptions, probeServers } from "./probeServers.ts"
export { resolveEntries } from "./resolveEntries.ts"
