/**
 * What a turn of several model calls cost, in the words of OpenAI: cached tokens are part of the prompt, and
 * reasoning is part of the completion.
 */
import { isJsonObject, type Usage } from "@signalbox/model"

/** Tokens of one call or of several. */
export interface Tokens {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

/** Nothing was spent. */
export const noTokens: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** What both calls cost. */
export const addTokens = (tokens: Tokens, usage: Usage): Tokens => {
  const details = isJsonObject(usage.output_tokens_details) ? usage.output_tokens_details : {}
  const thinking = details["thinking_tokens"]
  return {
    input: tokens.input + usage.input_tokens,
    cacheRead: tokens.cacheRead + (usage.cache_read_input_tokens ?? 0),
    cacheWrite: tokens.cacheWrite + (usage.cache_creation_input_tokens ?? 0),
    output: tokens.output + usage.output_tokens,
    reasoning: tokens.reasoning + (typeof thinking === "number" ? thinking : 0)
  }
}

const counts = ({ cacheRead, cacheWrite, input, output, reasoning }: Tokens) => {
  const prompt = input + cacheRead + cacheWrite
  return {
    prompt,
    total: prompt + output,
    inputDetails: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    outputDetails: { reasoning_tokens: reasoning }
  }
}

/** `usage` of Chat Completions. */
export const chatUsage = (tokens: Tokens) => {
  const { inputDetails, outputDetails, prompt, total } = counts(tokens)
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.output,
    total_tokens: total,
    prompt_tokens_details: inputDetails,
    completion_tokens_details: outputDetails
  }
}

/** `usage` of Responses. */
export const responsesUsage = (tokens: Tokens) => {
  const { inputDetails, outputDetails, prompt, total } = counts(tokens)
  return {
    input_tokens: prompt,
    input_tokens_details: inputDetails,
    output_tokens: tokens.output,
    output_tokens_details: outputDetails,
    total_tokens: total
  }
}
