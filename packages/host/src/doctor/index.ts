// What is wrong with servers
export { type Diagnosis, diagnose, type DiagnoseOptions } from "./diagnose.ts"
export type { Finding, FindingCode, ProviderFinding, Repair, Severity } from "./Finding.ts"
export { applyRepairs, describeRepair } from "./repairs.ts"

// Where commands of the built-in tools run
export { diagnoseSandbox, type SandboxDiagnosis } from "./diagnoseSandbox.ts"

// Where conversations are kept
export { diagnoseHistory, type HistoryDiagnosis, historySource } from "./diagnoseHistory.ts"

// What is asked before and after models and tools
export { diagnoseHooks, hookSource } from "./diagnoseHooks.ts"

// What is wrong with providers of models
export {
  diagnoseProviders,
  type DiagnoseProvidersOptions,
  type ProviderDiagnosis,
  providerDefaults
} from "./providers/diagnoseProviders.ts"

// Its parts
export { crossChecks } from "./crossChecks.ts"
export { type Probe, probeDefaults, type ProbeOptions, probeServers } from "./probeServers.ts"
export { resolveEntries } from "./resolveEntries.ts"
export { type SchemaFault, schemaFaults } from "./schemaFaults.ts"
