/**
 * Asks whether a tool call may run. The person sees the whole arguments first: what is cut off could be what matters.
 */
import {
  type ApprovalDecision,
  type ApprovalRequest,
  isJsonObject,
  nearestName,
  sourceOf,
  type ToolDefinition
} from "@signalbox/model"
import { Effect } from "effect"
import { decidedBy } from "../approving.ts"
import { type FileDiffs, shownDiffLines } from "../FileDiffs.ts"
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

const choices = (isCut: boolean): string =>
  `[y]es, [n]o or words that the model is told, [t]his tool from now on, [a]lways with these arguments, ${isCut ? "[d]iff in full, " : ""}[w]hy?`

const yes = (remember: "once" | "conversation" | "always"): ApprovalDecision => ({ isApproved: true, remember })

/** What is typed as an answer, and not to the model. */
const answers = ["yes", "yeah", "no", "this", "always", "why", "diff", "help", "quit", "exit"]

/**
 * Whether a text is a no in words of its own. What begins as a yes is neither: it may mean "but not so". One short word, or
 * one that is nearly an answer, is a slip of the keys.
 */
const isObjection = (text: string): boolean => {
  if (/^(y|ye|ya|yes|yeah|yep|yup|ok|okay|sure|why)\b/i.test(text)) return false
  if (/\s/.test(text)) return true
  return text.length > 3 && !/^[/?]/.test(text) && nearestName(text, answers) === undefined
}

const no = (reason: string): ApprovalDecision => ({ isApproved: false, because: "refused", reason })

/** The decision that a text means; nothing where it means none. */
const decisionIn = (text: string): ApprovalDecision | undefined => {
  const [, plain, reason = ""] = /^(no?)(?:\b[\s,:;.-]*(.*))?$/is.exec(text) ?? []
  if (plain !== undefined || text === "") return no(reason)
  if (/^y(es)?$/i.test(text)) return yes("once")
  if (/^t(his( tool)?)?$/i.test(text)) return yes("conversation")
  if (/^a(lways)?$/i.test(text)) return yes("always")
  return isObjection(text) ? no(text) : undefined
}

/** Shows what the call is to do: the change of a file, else the arguments as they are. Answers whether something was cut. */
const showCall = Effect.fnUntraced(function* (
  { show, tell }: Asking,
  { input, tool }: ApprovalRequest,
  diffs: FileDiffs,
  most: number
) {
  const diff = yield* diffs.before(tool, input, most)
  if (diff !== undefined) {
    yield* tell(diff.text)
    return diff.hidden > 0
  }
  const lines = Object.entries(input).map(valueLine)
  yield* show(lines.length === 0 ? "  (no arguments)" : lines.join("\n"))
  return false
})

/** The decision; nothing where the person left the question. Enter alone is a no, and words are one that the model is told. */
export const askApproval = Effect.fnUntraced(function* (asking: Asking, request: ApprovalRequest, diffs: FileDiffs) {
  const { reason, tool } = request
  yield* asking.show(`${sourceOf(tool.runBy) ?? "?"} · ${tool.name} needs your approval, because ${reason}:`)
  const isCut = yield* showCall(asking, request, diffs, shownDiffLines)
  while (true) {
    const typed = yield* asking.ask(`Run it? ${choices(isCut)}`)
    if (typed === undefined) return undefined
    const decision = decisionIn(typed)
    if (decision !== undefined) return decision
    if (/^(w|why\b.*)\??$/is.test(typed)) yield* explain(asking, request)
    else if (isCut && /^d(iff)?$/i.test(typed)) yield* showCall(asking, request, diffs, Infinity)
    else
      yield* asking.show(
        `  Type y, n, t, a${isCut ? ", d" : ""} or w, or words: they are a no that the model is told. Ctrl-C stops the answer.`
      )
  }
})
