/**
 * What an answer has used while it comes. Providers tell the output at the end, so until then it is estimated by its
 * text: too late a number stops nothing.
 */
import { laterUsage, noUsage, type Usage } from "../Message.ts"
import type { BlockDelta, ModelEvent } from "../ModelEvent.ts"

/** The usage of one answer. */
export interface RunningUsage {
  readonly note: (event: ModelEvent) => void
  /** Reported, or estimated where that is more: an answer that broke off has cost what had come. */
  readonly usage: () => Usage
  /** The model's name in the words of its upstream; empty until it has answered. */
  readonly model: () => string
  /** Whether anything has come. */
  readonly hasBegun: () => boolean
  /** Whether the provider has reported the whole. */
  readonly isReported: () => boolean
}

/** Begins with nothing. */
export const makeRunningUsage = (): RunningUsage => {
  let reported: Usage = noUsage
  let model = ""
  let hasBegun = false
  let isReported = false
  let estimate = 0
  return {
    note: (event) => {
      hasBegun = true
      if (event.type === "message_start") {
        reported = event.message.usage
        model = event.message.model
      } else if (event.type === "content_block_delta") {
        estimate += estimateTokens(textIn(event.delta))
      } else if (event.type === "message_delta") {
        isReported = true
        reported = laterUsage(reported, event.usage)
      }
    },
    usage: () =>
      isReported ? reported : { ...reported, output_tokens: Math.max(reported.output_tokens, Math.ceil(estimate)) },
    model: () => model,
    hasBegun: () => hasBegun,
    isReported: () => isReported
  }
}

const textIn = (delta: BlockDelta): string => {
  switch (delta.type) {
    case "text_delta":
      return delta.text
    case "thinking_delta":
      return delta.thinking
    case "input_json_delta":
      return delta.partial_json
    default:
      return ""
  }
}

/** Roughly, and without a vocabulary: four letters of English, or one and a half of other scripts, to a token. */
export const estimateTokens = (text: string): number => {
  const ascii = text.replace(/[^\0-\x7f]/g, "").length
  return ascii / 4 + (text.length - ascii) / 1.5
}
