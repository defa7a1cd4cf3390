// A model that answers from a script
export { scriptedModel, type ScriptedModel, type ScriptedReply } from "./ScriptedModel.ts"

// A person who is asked
export { answering } from "./answering.ts"

// What every provider does
export { languageModelContract } from "./contract/languageModelContract.ts"
export type { ContractCase, ContractLimits, ContractSubject } from "./contract/ContractSubject.ts"
export { ContractBroken, same } from "./contract/same.ts"
export { askFor, toolNamed } from "./requests.ts"
