// Asking a server
export { type CaseResult, conformanceCases, type ConformanceRun, runConformance } from "./runConformance.ts"

// What it is asked, and what an answer is
export type { Api, Case, Expected, Received } from "./Case.ts"
export { issueOf } from "./check.ts"
