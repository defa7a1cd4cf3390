/**
 * Where servers that call themselves compatible differ, as data. A vendor's preset takes `plainDialect` and names
 * what is otherwise with it; nothing else in this package knows a vendor.
 */
import type { SchemaDialect } from "./schemas.ts"

/** How deep a model shall think, in order. */
export const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const
/** One of these depths. */
export type Effort = (typeof efforts)[number]

/** What a server takes in a request, and says in an answer. */
export interface Dialect {
  /** What the server calls the limit of an answer. OpenAI's newer models refuse the old name, most others know no new one. */
  readonly maxTokensField: "max_completion_tokens" | "max_tokens"
  /** The most tokens that models may answer with, by pattern of their names; the first that fits counts. */
  readonly maxTokensOf: ReadonlyArray<readonly [model: RegExp, tokens: number]>
  /** Whether `top_k` may be sent: OpenAI itself refuses it. */
  readonly acceptsTopK: boolean
  /** Whether `parallel_tool_calls: false` may be sent. */
  readonly acceptsParallelFlag: boolean
  /**
   * The names of models that reason in OpenAI's manner: their system prompt is the developer's, they take no sampling
   * fields, and encrypted reasoning is only for them.
   */
  readonly reasoningModels: RegExp | undefined
  /** How the depth of thought is asked for. */
  readonly effort: "reasoning_effort" | "reasoning" | "thinking" | "chat_template_kwargs" | "none"
  /** The names of models that may be asked for it, where not all may. */
  readonly effortModels: RegExp | undefined
  /** Its words; a depth that has none is asked for by the nearest one below. */
  readonly effortLevels: ReadonlyArray<Effort>
  /** What the server wants of its own reasoning in later requests. */
  readonly reasoningBack: "reasoning_details" | "reasoning_content" | "none"
  /** Names of models that refuse a forced tool while they think; they may choose then. */
  readonly choosesWhileThinking: RegExp | undefined
  /** Whether models think aloud between `<think>` and `</think>` at the beginning of their text. */
  readonly hasThinkTags: boolean
  /** A system message inside the conversation: as it is, or as a `<system-reminder>` of the user's for strict templates. */
  readonly laterSystem: "in_place" | "reminder"
  /** Images and files of tool results: inside the `tool` message, or in a user message after it. */
  readonly resultImages: "inside" | "after"
  /** Whether PDFs are taken as `file` parts. */
  readonly acceptsFiles: boolean
  /** What call ids may look like: letters, digits, `_` and `-`, or (Mistral) exactly nine letters and digits. */
  readonly callIds: "plain" | "nine"
  /**
   * Stop sequences: `sent` (the first four; the others are found in the text), or only `found` in the text, so that
   * the one that ended the answer is always known. Servers that stop by themselves mostly do not say why.
   */
  readonly stops: "sent" | "found"
  readonly schemas: SchemaDialect
  /** Whether tools whose schema qualifies are sent as `strict`. */
  readonly isStrict: boolean
  /** How a format of answers is asked for; with `json_object` the schema is said in words. */
  readonly format: "json_schema" | "json_object"
  /** What becomes of marks of cached prefixes. */
  readonly cacheMarks: "cache_control" | "prompt_cache_breakpoint" | "none"
  /** Where the digest of the user's id goes. */
  readonly userField: "safety_identifier" | "user" | "none"
  /** Who searches the web where the request asks the vendor to: a plugin of OpenRouter's, a tool of Responses', or nobody. */
  readonly webSearch: "plugin" | "responses" | "none"
  /** Where the server counts the tokens of a request, below the base URL. */
  readonly countPath: string | undefined
}

/** What most compatible servers take. */
export const plainDialect: Dialect = {
  maxTokensField: "max_tokens",
  maxTokensOf: [],
  acceptsTopK: false,
  acceptsParallelFlag: false,
  reasoningModels: undefined,
  effort: "none",
  effortModels: undefined,
  effortLevels: ["low", "medium", "high"],
  reasoningBack: "none",
  choosesWhileThinking: undefined,
  hasThinkTags: false,
  laterSystem: "in_place",
  resultImages: "after",
  acceptsFiles: false,
  callIds: "plain",
  stops: "sent",
  schemas: "standard",
  isStrict: false,
  format: "json_schema",
  cacheMarks: "none",
  userField: "none",
  webSearch: "none",
  countPath: undefined
}
