/**
 * What a client answers to calls that were shown as waiting for approval. Clients send everything again, so that answers of
 * earlier requests are there, too: those have the call that came of them behind them.
 */
import { type ApprovalAnswer, isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect } from "effect"
import { refuse, type RequestIssue } from "../issue.ts"
import { readItemId } from "./itemIds.ts"

/** The answers that nothing has come of so far, in their order. */
export const readApprovals = Effect.fnUntraced(function* (
  input: string | ReadonlyArray<JsonObject>
): Effect.fn.Return<ReadonlyArray<ApprovalAnswer>, RequestIssue> {
  if (typeof input === "string") return []
  const items = input.filter(isJsonObject)
  const done = new Set(items.flatMap((item) => (item["type"] === "mcp_call" ? [item["approval_request_id"]] : [])))
  const answers = new Map<string, ApprovalAnswer>()
  for (const [index, item] of items.entries()) {
    if (item["type"] !== "mcp_approval_response") continue
    const { approval_request_id: requestId, approve, reason } = item
    const path = ["input", index]
    if (typeof requestId !== "string") return yield* refuse([...path, "approval_request_id"], "Missing key")
    if (typeof approve !== "boolean") return yield* refuse([...path, "approve"], "Expected boolean")
    const { callId = "", responseId = "" } = readItemId(requestId)
    if (done.has(requestId)) continue
    answers.set(requestId, {
      requestId,
      responseId,
      callId,
      isApproved: approve,
      reason: typeof reason === "string" ? reason : ""
    })
  }
  return [...answers.values()]
})
