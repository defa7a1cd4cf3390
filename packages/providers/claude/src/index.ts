export { layer, makeClaude } from "./Claude.ts"
export { claudeDefaults, type ClaudeOptions } from "./ClaudeOptions.ts"
export { listModels } from "./listModels.ts"

// Requests that are handed on as they came
export {
  forward,
  type ForwardedAnswer,
  type ForwardedHead,
  type ForwardInput,
  type ForwardRequest,
  relay,
  type RelayInput
} from "./forward.ts"
export type { KeyMode } from "./forwardHeaders.ts"
export { spliceModel } from "./spliceModel.ts"
export { type PassingUsage, watchUsage } from "./passingUsage.ts"
