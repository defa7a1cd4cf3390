/**
 * Which tool calls run, which are asked about and which never run. A pure function of policy, tool and arguments, that
 * always says why. Hints of a tool count only where its server is trusted.
 */
import { isSafeToRepeat, type JsonObject, sourceOf, type ToolDefinition } from "@signalbox/model"
import { allowsCall, type ApprovalRule, fitsCall, showPattern } from "./ApprovalRule.ts"

/**
 * What is done with calls that no rule is about.
 * - `ask`: each is asked about. `auto`: each runs. `deny`: none runs.
 * - `auto-safe`: tools run that change nothing (read-only), or nothing more when they run again (idempotent) and destroy
 *   nothing, by the hints of a trusted server; the others are asked about.
 */
export type ApprovalMode = "ask" | "auto-safe" | "auto" | "deny"

/** Which calls need a yes. */
export interface ApprovalPolicy {
  readonly mode: ApprovalMode
  /** In order: the first that fits decides, whatever the mode is. */
  readonly rules: ReadonlyArray<ApprovalRule>
  /** Modes of tools of some sources, instead of `mode`. */
  readonly sources: Readonly<Record<string, ApprovalMode>>
}

/** What the policy says of a call, and why. */
export interface ApprovalVerdict {
  readonly decision: "allow" | "ask" | "deny"
  /** A clause, such as `the mode is "ask"`. */
  readonly reason: string
}

/** What a tool says of the harm that it can do; nothing where it says nothing good. */
const claimOf = ({ idempotentHint, readOnlyHint }: ToolDefinition["annotations"]): string | undefined => {
  if (readOnlyHint === true) return "read-only"
  return idempotentHint === true ? "idempotent" : undefined
}

const safety = (tool: ToolDefinition, source: string): ApprovalVerdict => {
  const { annotations } = tool
  const claim = claimOf(annotations)
  if (claim === undefined) {
    const isSilent = annotations.readOnlyHint === undefined && annotations.idempotentHint === undefined
    const reason = isSilent
      ? "it does not say that it is read-only or idempotent"
      : "it is neither read-only nor idempotent"
    return { decision: "ask", reason }
  }
  if (!isSafeToRepeat(tool))
    return { decision: "ask", reason: `it says that it is ${claim}, but "${source}" is not trusted` }
  // Writing a file again changes nothing more, and the first time what was in it is lost.
  if (claim === "idempotent" && annotations.destructiveHint === true)
    return { decision: "ask", reason: "it says that it may destroy something" }
  return { decision: "allow", reason: `it is ${claim}` }
}

const byMode = (mode: ApprovalMode, tool: ToolDefinition, source: string, whose: string): ApprovalVerdict => {
  switch (mode) {
    case "auto-safe":
      return safety(tool, source)
    case "auto":
      return { decision: "allow", reason: `the mode ${whose}is "auto"` }
    case "ask":
    case "deny":
      return { decision: mode, reason: `the mode ${whose}is "${mode}"` }
  }
}

const isAbout = (rule: ApprovalRule, tool: ToolDefinition, input: JsonObject): boolean =>
  rule.decision === "allow" ? allowsCall(rule, tool, input) : fitsCall(rule, tool, input)

/** Judges a call. */
export const judgeCall = (policy: ApprovalPolicy, tool: ToolDefinition, input: JsonObject): ApprovalVerdict => {
  const index = policy.rules.findIndex((rule) => isAbout(rule, tool, input))
  const rule = policy.rules[index]
  if (rule !== undefined) {
    return { decision: rule.decision, reason: `rule ${index + 1} (${showPattern(rule)}) says ${rule.decision}` }
  }
  const source = sourceOf(tool.runBy) ?? ""
  const own = Object.hasOwn(policy.sources, source) ? policy.sources[source] : undefined
  return own === undefined ? byMode(policy.mode, tool, source, "") : byMode(own, tool, source, `of "${source}" `)
}

/** Whether the policy may ask about calls of the tool, whatever their arguments are. */
export const mayAsk = (policy: ApprovalPolicy, tool: ToolDefinition): boolean => {
  const source = sourceOf(tool.runBy) ?? ""
  const own = Object.hasOwn(policy.sources, source) ? policy.sources[source] : undefined
  const asks = policy.rules.some((rule) => rule.decision === "ask" && fitsCall({ tool: rule.tool }, tool, {}))
  return asks || byMode(own ?? policy.mode, tool, source, "").decision === "ask"
}
