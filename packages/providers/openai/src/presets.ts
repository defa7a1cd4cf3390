/**
 * The vendors and programs that are known by name. Models come and go, so none is preset; limits and quirks stand
 * here because a request that ignores them is refused.
 */
import { Duration } from "effect"
import { efforts, plainDialect } from "./Dialect.ts"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** All options but those that are yours. `keyVariable` is the environment variable that people keep the key in. */
export type OpenAiPreset = Omit<OpenAiOptions, "apiKey" | "defaultModel"> & {
  readonly title: string
  /** `undefined` where no key is needed. */
  readonly keyVariable: string | undefined
}

const remote = {
  headers: {},
  dialect: plainDialect,
  idleTimeout: Duration.seconds(60),
  requestTimeout: Duration.minutes(10)
} as const

/** Programs on this machine may have to load a model before it says anything, and want no key. */
const local = { ...remote, idleTimeout: Duration.minutes(5), keyVariable: undefined } as const

const openAiReasoning = /^(o\d|gpt-([5-9]|\d\d)(?!.*chat)|codex)/

const openAiDialect = {
  ...plainDialect,
  maxTokensField: "max_completion_tokens",
  maxTokensOf: [
    [/^gpt-3\.5/, 4096],
    [/^gpt-4o|^chatgpt-4o/, 16_384],
    [/^gpt-4\.1/, 32_768],
    [/^gpt-4-(turbo|1106|0125)/, 4096],
    [/^gpt-4(-0613)?$/, 8192],
    [/^o\d/, 100_000],
    [/^gpt-5(?!.*chat)/, 128_000]
  ],
  acceptsParallelFlag: true,
  reasoningModels: openAiReasoning,
  effort: "reasoning_effort",
  effortModels: openAiReasoning,
  effortLevels: efforts,
  acceptsFiles: true,
  stops: "found",
  isStrict: true,
  cacheMarks: "prompt_cache_breakpoint",
  userField: "safety_identifier"
} as const

/** OpenAI's own API. Add a key and a model: `{ ...openAiDefaults, apiKey, defaultModel }`. */
export const openAiDefaults = {
  ...remote,
  title: "OpenAI",
  provider: "openai",
  keyVariable: "OPENAI_API_KEY",
  baseUrl: "https://api.openai.com/v1",
  dialect: { ...openAiDialect, webSearch: "responses", countPath: "/responses/input_tokens" }
} as const satisfies OpenAiPreset

/** OpenRouter. Its fields (`provider`, `models`, `plugins`) go into `vendor.openai` of a request. */
export const openRouterDefaults = {
  ...remote,
  title: "OpenRouter",
  provider: "openrouter",
  keyVariable: "OPENROUTER_API_KEY",
  baseUrl: "https://openrouter.ai/api/v1",
  headers: { "x-openrouter-title": "Signalbox" },
  keyPath: "/key",
  dialect: {
    ...plainDialect,
    acceptsTopK: true,
    acceptsParallelFlag: true,
    effort: "reasoning",
    effortLevels: ["none", "minimal", "low", "medium", "high", "xhigh"],
    reasoningBack: "reasoning_details",
    choosesWhileThinking: /^~?anthropic\//,
    resultImages: "inside",
    acceptsFiles: true,
    cacheMarks: "cache_control",
    userField: "user",
    webSearch: "plugin"
  }
} as const satisfies OpenAiPreset

/** Ollama on this machine. */
export const ollamaDefaults = {
  ...local,
  title: "Ollama",
  provider: "ollama",
  apiKey: undefined,
  baseUrl: "http://127.0.0.1:11434/v1",
  dialect: { ...plainDialect, acceptsTopK: true, hasThinkTags: true }
} as const satisfies OpenAiPreset & { readonly apiKey: undefined }

/** A vLLM server on this machine. */
export const vllmDefaults = {
  ...local,
  title: "vLLM",
  provider: "vllm",
  baseUrl: "http://127.0.0.1:8000/v1",
  dialect: {
    ...plainDialect,
    acceptsTopK: true,
    acceptsParallelFlag: true,
    effort: "chat_template_kwargs",
    hasThinkTags: true,
    laterSystem: "reminder"
  }
} as const satisfies OpenAiPreset

/** `llama-server` of llama.cpp on this machine. */
export const llamaCppDefaults = {
  ...local,
  title: "llama.cpp",
  provider: "llamacpp",
  baseUrl: "http://127.0.0.1:8080/v1",
  dialect: {
    ...plainDialect,
    acceptsTopK: true,
    acceptsParallelFlag: true,
    effort: "chat_template_kwargs",
    hasThinkTags: true,
    laterSystem: "reminder",
    schemas: "grammar"
  }
} as const satisfies OpenAiPreset

/** LM Studio on this machine. */
export const lmStudioDefaults = {
  ...local,
  title: "LM Studio",
  provider: "lmstudio",
  baseUrl: "http://127.0.0.1:1234/v1",
  dialect: {
    ...plainDialect,
    acceptsTopK: true,
    hasThinkTags: true,
    laterSystem: "reminder",
    schemas: "grammar"
  }
} as const satisfies OpenAiPreset

/** Groq. */
export const groqDefaults = {
  ...remote,
  title: "Groq",
  provider: "groq",
  keyVariable: "GROQ_API_KEY",
  baseUrl: "https://api.groq.com/openai/v1",
  dialect: {
    ...plainDialect,
    maxTokensField: "max_completion_tokens",
    acceptsParallelFlag: true,
    effort: "reasoning_effort",
    effortModels: /gpt-oss/,
    userField: "user"
  }
} as const satisfies OpenAiPreset

/** Azure OpenAI: give the base URL of your resource; the name of the model is that of your deployment. */
export const azureDefaults = {
  ...remote,
  title: "Azure OpenAI",
  provider: "azure",
  keyVariable: "AZURE_OPENAI_API_KEY",
  keyHeader: "api-key",
  baseUrl: "https://YOUR-RESOURCE.openai.azure.com/openai",
  path: "/deployments/{model}/chat/completions",
  query: { "api-version": "2024-10-21" },
  dialect: { ...openAiDialect, cacheMarks: "none", userField: "user", acceptsFiles: false }
} as const satisfies OpenAiPreset

/** Gemini by its compatible endpoint. */
export const geminiDefaults = {
  ...remote,
  title: "Gemini",
  provider: "gemini",
  keyVariable: "GEMINI_API_KEY",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  dialect: {
    ...plainDialect,
    effort: "reasoning_effort",
    effortModels: /gemini-(2\.5|[3-9])/,
    schemas: "gemini",
    resultImages: "inside"
  }
} as const satisfies OpenAiPreset

/** Mistral. */
export const mistralDefaults = {
  ...remote,
  title: "Mistral",
  provider: "mistral",
  keyVariable: "MISTRAL_API_KEY",
  baseUrl: "https://api.mistral.ai/v1",
  dialect: { ...plainDialect, acceptsParallelFlag: true, callIds: "nine", laterSystem: "reminder" }
} as const satisfies OpenAiPreset

/** DeepSeek. */
export const deepSeekDefaults = {
  ...remote,
  title: "DeepSeek",
  provider: "deepseek",
  keyVariable: "DEEPSEEK_API_KEY",
  baseUrl: "https://api.deepseek.com",
  dialect: {
    ...plainDialect,
    maxTokensOf: [
      [/^deepseek-chat/, 8192],
      [/^deepseek-reasoner/, 65_536]
    ],
    effort: "thinking",
    reasoningBack: "reasoning_content",
    choosesWhileThinking: /^/,
    laterSystem: "reminder",
    format: "json_object"
  }
} as const satisfies OpenAiPreset

/** The presets by the name that errors and configurations call them. */
export const openAiPresets = {
  openai: openAiDefaults,
  openrouter: openRouterDefaults,
  ollama: ollamaDefaults,
  vllm: vllmDefaults,
  llamacpp: llamaCppDefaults,
  lmstudio: lmStudioDefaults,
  groq: groqDefaults,
  azure: azureDefaults,
  gemini: geminiDefaults,
  mistral: mistralDefaults,
  deepseek: deepSeekDefaults
} as const satisfies Readonly<Record<string, OpenAiPreset>>
