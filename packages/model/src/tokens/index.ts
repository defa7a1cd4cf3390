// Counting
export { TokenCounter, type TokenCounterOptions, type TokenCounterStats } from "./TokenCounter.ts"
export type { TokenEncoding } from "./vocabulary.ts"
export { encodingOf, type FamilyCount, familyCounts, familyOf, type TokenFamily } from "./families.ts"

// Guessing
export { bandedModel } from "./bandedModel.ts"
export { estimateResponseTokens, type ResponseBand, responseBands } from "./responseBands.ts"
