// Configuration
export {
  type ConfigOrigin,
  type ConfigSource,
  configFileNames,
  findConfig,
  type FoundConfig,
  type LoadedConfig,
  loadConfig,
  presetInstead
} from "./config/ConfigFile.ts"
export { AgentEntry } from "./config/AgentEntry.ts"
export { builtInSource } from "./config/builtInSource.ts"
export { HostOptions, isServerName, ServerEntry } from "./config/HostOptions.ts"
export { shownTarget } from "./config/ServerProgram.ts"
export type { FlagValue, FoundProblem } from "./config/layers.ts"
export { isLoopback } from "./config/loopback.ts"
export { shellWord } from "./shellWord.ts"
export { isOpenToAll } from "./config/serverProblems.ts"
export { configVariables, type ConfigVariable, variableOf } from "./config/variables.ts"
export { variablesIn } from "./config/secrets.ts"
export { isKeyless, kindOf, ProviderEntry, providerKinds } from "./config/ProviderEntry.ts"
export { type Preset, presets, sizingPresets } from "./config/presets.ts"
export { configTemplate } from "./config/template.ts"
export { type ConfigChange, writeYaml } from "./config/document.ts"
export { editConfig, type EditableConfig, type EditedConfig } from "./config/editConfig.ts"

// Running
export { Host } from "./Host.ts"
export type { HostSetup } from "./HostSetup.ts"
export { type HostSeams, joinSeams, noSeams } from "./HostSeams.ts"
export type { AllCircuits } from "./allCircuits.ts"
export type { AllServers } from "./allServers.ts"
export type { Agent } from "./agents/Agent.ts"
export { type AgentInfo, AgentInfoJson, agentInfoJson } from "./agents/AgentInfo.ts"
export type { AgentsChanged, AgentsPlan, KeptServer } from "./agents/agentChanges.ts"
export { type AgentError, Agents } from "./agents/Agents.ts"
export { agentServerNames, agentServers } from "./agents/agentServers.ts"
export type { ChosenModel } from "./models/chooseModel.ts"
export { Models } from "./models/Models.ts"
export { knownModels, type OtherModel } from "./models/otherModel.ts"
export type { BeginAnswer, Forward, Forwarded } from "./models/forwarding.ts"
export type { Upstream } from "./models/Upstream.ts"
export type { ClientsChanged, ResolvedClientKey } from "./clientKeys.ts"
export type { Reload, Reloaded, ReloadError, ReloadEvent } from "./Reload.ts"
export {
  type AvailableResources,
  makeAvailableResources,
  type ResourceContextOptions,
  type ResourceSource
} from "./AvailableResources.ts"
export type {
  ExpandedPrompt,
  PromptCommand,
  PromptCommandError,
  PromptCommands,
  PromptCommandSource
} from "./prompts/PromptCommands.ts"
export type { Instructions } from "./rules/Instructions.ts"
export { hookAnswers, HookInput, hookVersion } from "./rules/hooks/HookProtocol.ts"
export { hookProblems } from "./rules/hooks/resolveHooks.ts"
export { UrlServer, UrlServers } from "./urlServers/UrlServers.ts"
export { UrlAccess, type UrlRules } from "./urlServers/UrlAccess.ts"
export { Approvals } from "./approvals/Approvals.ts"
export { calledByHand } from "./approvals/calledByHand.ts"
export { makePolicyTrial, type PastCall, type PolicyTrial, type TrialVerdict } from "./policy/PolicyTrial.ts"
export { BuiltIns, type BuiltInsError, type BuiltInsPlan } from "./builtIns/BuiltIns.ts"
export { logFile } from "./logFile.ts"
export { hostLogging, type LogSettings, type LogStream } from "./hostLogging.ts"
export { checkReferences } from "./checkReferences.ts"
export { alertOptions } from "./alerts.ts"
export { managedServers } from "./servers.ts"
export { turnLimits } from "./turnLimits.ts"
export { shownName } from "./shownName.ts"

// Errors
export { errorFamilies } from "./errorFamilies.ts"
export {
  AgentDisabled,
  AgentNotFound,
  AgentNotRunning,
  ApprovalsUnusable,
  ClientClosed,
  ConfigExists,
  ConfigInvalid,
  ConfigNotFound,
  ConfigNotWritten,
  ConfigProblem,
  describeProblem,
  hostErrors,
  ImportFailed,
  ImportInvalid,
  MissingApiKey,
  PromptWordsMissing,
  TaskUnfinished,
  successOf,
  ToolFailed,
  UntrustedServerType
} from "./errors.ts"
export { McpUrlFailed, McpUrlRefused, McpUrlUnauthorized, type UrlServerError } from "./urlServers/errors.ts"
