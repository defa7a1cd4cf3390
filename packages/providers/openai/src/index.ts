// Models
export { layer, makeOpenAi } from "./OpenAi.ts"
export { type ListedModel, listModels } from "./listModels.ts"
export type { OpenAiOptions } from "./OpenAiOptions.ts"
export { type Dialect, type Effort, plainDialect } from "./Dialect.ts"

// Vendors and programs that are known by name
export {
  azureDefaults,
  deepSeekDefaults,
  geminiDefaults,
  groqDefaults,
  llamaCppDefaults,
  lmStudioDefaults,
  mistralDefaults,
  ollamaDefaults,
  openAiDefaults,
  type OpenAiPreset,
  openAiPresets,
  openRouterDefaults,
  vllmDefaults
} from "./presets.ts"
