/**
 * What version 2026-10-21 of the API refuses and 2023-06-01 takes.
 */
import { Effect } from "effect"
import { refusesSampling, samplingFields } from "../versions.ts"
import type { CountTokensRequestWire, MessageWire } from "../wire/request.ts"
import { invalid } from "./invalid.ts"

const hasCitations = (block: { readonly [field: string]: unknown }): boolean =>
  block["type"] === "text" && Array.isArray(block["citations"]) && block["citations"].length > 0

/** What is wrong with a message, with the place of the block. */
const issueOf = ({
  content,
  role
}: MessageWire): readonly [index: number, field: string, reason: string] | undefined => {
  for (const [index, block] of (typeof content === "object" ? content : []).entries()) {
    if (role === "assistant" && block["type"] === "document") {
      return [index, "type", "document blocks are not permitted in assistant messages"]
    }
    if (role === "user" && hasCitations(block)) return [index, "citations", "Extra inputs are not permitted"]
  }
  return undefined
}

/** Refuses what the version that the client asks for refuses. */
export const checkVersion = Effect.fnUntraced(function* (wire: CountTokensRequestWire, version: string | undefined) {
  if (version === undefined || !refusesSampling(version)) return
  const sampling = samplingFields.find((field) => wire[field] !== undefined)
  if (sampling !== undefined) return yield* invalid([sampling], "Extra inputs are not permitted")
  for (const [index, message] of wire.messages.entries()) {
    const issue = issueOf(message)
    if (issue === undefined) continue
    return yield* invalid(["messages", index, "content", issue[0], issue[1]], issue[2])
  }
})
