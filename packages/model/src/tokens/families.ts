/**
 * How models of different makers count: a factor on the published vocabulary, and what they add around the text.
 * The factors are measured or estimated, and rather too high; those of single models are learned from what providers
 * report.
 */
import type { TokenEncoding } from "./vocabulary.ts"

/** What kind of model counts: `openai` exactly, the others by a factor. */
export type TokenFamily = "openai" | "claude" | "claude-old" | "llama" | "qwen" | "deepseek" | "other"

/** How a family counts. */
export interface FamilyCount {
  /** Tokens of the family for one of `o200k_base`. */
  readonly factor: number
  readonly perMessage: number
  /** For the start of the answer. */
  readonly prime: number
  /** Once, where there is any tool: the instructions that providers add. */
  readonly toolUse: number
}

const around = { perMessage: 4, prime: 3, toolUse: 340 }

/** The table. `claude` is what came with Opus 4.7 and later, whose tokens are about 30 % more than those before. */
export const familyCounts: Readonly<Record<TokenFamily, FamilyCount>> = {
  openai: { ...around, factor: 1, toolUse: 12 },
  claude: { ...around, factor: 1.4 },
  "claude-old": { ...around, factor: 1.08 },
  llama: { ...around, factor: 1.1 },
  qwen: { ...around, factor: 1.1 },
  deepseek: { ...around, factor: 1.1 },
  other: { ...around, factor: 1.2 }
}

const oldClaude = /claude-(?:instant|[123](?!\d))|(?:opus|sonnet|haiku)-4(?!\d)(?![-.@](?:[7-9]|[1-9]\d)(?!\d))/
const families: ReadonlyArray<readonly [RegExp, TokenFamily]> = [
  [oldClaude, "claude-old"],
  [/claude|(?:^|\/)(?:opus|sonnet|haiku)/, "claude"],
  [/(?:^|\/)(?:gpt|chatgpt|o\d|codex|text-embedding)/, "openai"],
  [/llama/, "llama"],
  [/qwen|qwq/, "qwen"],
  [/deepseek/, "deepseek"]
]

/** The family of a model, by its name. A Claude that nobody knows yet counts as a new one. */
export const familyOf = (model: string): TokenFamily =>
  families.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1] ?? "other"

/** The vocabulary of a model of OpenAI. */
export const encodingOf = (model: string): TokenEncoding =>
  /(?:^|\/)(?:gpt-3\.5|gpt-4(?![\w.]|-o)|text-embedding)/.test(model) ? "cl100k_base" : "o200k_base"
