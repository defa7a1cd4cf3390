/**
 * Asks whether a tool call may run. The person sees the whole arguments first: what is cut off could be what matters.
 */
import {
  type ApprovalDecision,
  type ApprovalRequest,
  isJsonObject,
  sourceOf,
  type ToolDefinition
} from "@signalbox/model"
import { Effect } from "effect"
import { decidedBy } from "../approving.ts"
import type { Asking } from "./Asking.ts"

const valueLine = ([name, value]: readonly [string, unknown]): string =>
  `  ${name}: ${typeof value === "string" && !value.includes("\n") ? value : JSON.stringify(value, undefined, isJsonObject(value) ? 1 : 0)}`

/** What the tool says of itself, and whether that counts. */
const hintsOf = ({ annotations, isTrusted, runBy }: ToolDefinition): string => {
  const { title: _, ...hints } = annotations
  const said = Object.entries(hints).map(([hint, value]) => `${hint}: ${String(value)}`)
  const trust = isTrusted
    ? "its server is trusted"
    : `"${sourceOf(runBy) ?? ""}" is not trusted, so that its hints do not count`
  return said.length === 0 ? "It says nothing of what it changes." : `It says ${said.join(", ")}; ${trust}.`
}

const explain = Effect.fnUntraced(function* ({ show }: Asking, request: ApprovalRequest) {
  const { reason, tool } = request
  if (tool.description !== "") yield* show(`  ${tool.originalName}: ${tool.description}`)
  yield* show(`  ${hintsOf(tool)}`)
  yield* show(
    `  You are asked because ${reason}. What runs unasked stands in the configuration: ${decidedBy(request)}.`
  )
})

const choices = "[y]es, [n]o, [t]his tool from now on, [a]lways with these arguments, [w]hy?"

const yes = (remember: "once" | "conversation" | "always"): ApprovalDecision => ({ isApproved: true, remember })

/** The decision that a text means; nothing where it means none. */
const decisionIn = (text: string): ApprovalDecision | undefined => {
  const [, no, reason = ""] = /^(no?)(?:\b[\s,:;.-]*(.*))?$/is.exec(text) ?? []
  if (no !== undefined || text === "") return { isApproved: false, because: "refused", reason }
  if (/^y(es)?$/i.test(text)) return yes("once")
  if (/^t(his( tool)?)?$/i.test(text)) return yes("conversation")
  return /^a(lways)?$/i.test(text) ? yes("always") : undefined
}

/** The decision; nothing where the person left the question. Enter alone is a no, and words after a no are for the model. */
export const askApproval = Effect.fnUntraced(function* (asking: Asking, request: ApprovalRequest) {
  const { input, reason, tool } = request
  yield* asking.show(`${sourceOf(tool.runBy) ?? "?"} · ${tool.name} needs your approval, because ${reason}:`)
  const lines = Object.entries(input).map(valueLine)
  yield* asking.show(lines.length === 0 ? "  (no arguments)" : lines.join("\n"))
  while (true) {
    const typed = yield* asking.ask(`Run it? ${choices}`)
    if (typed === undefined) return undefined
    const decision = decisionIn(typed)
    if (decision !== undefined) return decision
    if (/^w(hy)?\??$/i.test(typed)) yield* explain(asking, request)
    else yield* asking.show("  Type y, n, t, a or w. Ctrl-C stops the answer.")
  }
})
