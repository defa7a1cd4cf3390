/** Fixtures for tests of hosts: a scripted model upstream, a misbehaving MCP server, fault plans, and help with processes. */

// fx-llm: a model upstream that answers from a script.
export { type FxLlm, type FxLlmOptions, startFxLlm } from "./llm/FxLlm.ts"
export type { Block, Match, Reply, Rule, Script, StopReason, Usage } from "./llm/script.ts"
export type { Fault } from "./llm/faults.ts"
export type { RequestOutcome, SeenRequest } from "./llm/SeenRequest.ts"
export { type FxLlmEvent, readFxLlmLog } from "./llm/log.ts"
export type { WhenExhausted } from "./llm/chooseReply.ts"

// fx-mcp: a misbehaving MCP server as a process.
export { type FxMcpHttp, fxMcpCommand, startFxMcpHttp } from "./process/fxMcpCommand.ts"
export type { FxMcpFlags } from "./mcp/flags.ts"
export type { FaultKind, FaultText } from "./mcp/faultTable.ts"
export { type FxMcpEvent, type FxMcpEventName, readFxMcpLog } from "./mcp/log.ts"

// Faults from a seed, for long proofs.
export { type FaultPlan, planFaults, type PlanFaultsOptions, type PlannedFault } from "./faultPlan/planFaults.ts"
export { makeRandom, type Random } from "./faultPlan/random.ts"

// Waiting and processes.
export { type ListedTool, listTools, type ServerCommand } from "./process/listTools.ts"
export { waitFor, type WaitForOptions } from "./process/waitFor.ts"
export { markedProcesses, tempDirectory } from "./process/temporary.ts"
