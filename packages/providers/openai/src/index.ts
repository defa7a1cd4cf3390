export { layer, makeOpenAi } from "./OpenAi.ts"
export { ollamaDefaults, openAiDefaults, type OpenAiOptions, openRouterDefaults } from "./OpenAiOptions.ts"
