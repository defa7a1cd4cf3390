/** Turns a right answer into the wrong ones that a fault asks for. Faults that are no matter of JSON leave it alone. */
import type { DueFault } from "./faults.ts"
import { asObject, errorCode, type Json } from "./protocol.ts"

/** What to send instead of `answer`, each element one message. */
export const spoil = (answer: Json, fault: DueFault | undefined): ReadonlyArray<unknown> => {
  const result = asObject(answer["result"])
  const content: ReadonlyArray<unknown> = Array.isArray(result["content"]) ? result["content"] : []
  const withResult = (changed: unknown) => [{ ...answer, result: changed }]
  switch (fault?.kind) {
    case "error": {
      const { result: _, ...rest } = answer
      const code = fault.value === undefined ? errorCode.internal : Number(fault.value)
      return [{ ...rest, error: { code, message: "fx-mcp answers with an error on purpose." } }]
    }
    case "is-error":
      return withResult({ ...result, isError: true })
    case "huge":
      return withResult({
        ...result,
        content: [...content, { type: "text", text: "x".repeat(Number(fault.value ?? 1_000_000)) }]
      })
    case "unknown-id":
      return [{ ...answer, id: 987_654_321 }]
    case "duplicate":
      return [answer, answer]
    case "null-id-error":
      return [{ jsonrpc: "2.0", id: null, error: { code: errorCode.internal, message: "An error without an id." } }]
    case "result-and-error":
      return [{ ...answer, error: { code: errorCode.internal, message: "An error beside a result." } }]
    case "batch":
      return [[answer]]
    case "string-id":
      return [{ ...answer, id: String(answer["id"]) }]
    case "wrong-shape":
      return withResult([{ type: "text", text: "an array instead of a result" }])
    case "unknown-block":
      return withResult({ ...result, content: [...content, { type: "hologram", depth: 3 }] })
    case "no-content": {
      const { content: _, ...rest } = result
      return withResult(rest)
    }
    case "bad-structured":
      return withResult({ ...result, structuredContent: { sum: "not a number" } })
    default:
      return [answer]
  }
}
