export { layer, makeClaude } from "./Claude.ts"
export { claudeDefaults, type ClaudeOptions } from "./ClaudeOptions.ts"
