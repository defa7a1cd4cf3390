/**
 * Reasoning of APIs that sign nothing, in the place where Anthropic's has its signature. What such an API wants
 * back travels in there, opaque to clients, who return signatures unread; no other provider may be sent it.
 */
import { Result } from "effect"
import { Base64Url } from "effect/encoding"
import { isJsonObject, type JsonObject } from "./ContentBlock.ts"

/** Signatures of Anthropic's are plain base64, so none begins like this. */
const mark = "signalbox:"

/** A signature, or the data of a `redacted_thinking` block, that holds what a provider wants back. */
export const sealThought = (provider: string, content: JsonObject): string =>
  `${mark}${Base64Url.encode(JSON.stringify([provider, content]))}`

/** Whether a signature, or the data of a `redacted_thinking` block, was made here: Anthropic would refuse it. */
export const isSealed = (signature: string): boolean => signature.startsWith(mark)

/** What was sealed for this provider; `undefined` for what is another's, or was altered on its way. */
export const unsealThought = (provider: string, signature: string): JsonObject | undefined => {
  if (!isSealed(signature)) return undefined
  const read = Result.flatMap(Base64Url.decodeString(signature.slice(mark.length)), (text) =>
    Result.try((): unknown => JSON.parse(text))
  )
  if (Result.isFailure(read) || !Array.isArray(read.success)) return undefined
  const [sealedFor, content]: ReadonlyArray<unknown> = read.success
  return sealedFor === provider && isJsonObject(content) ? content : undefined
}
