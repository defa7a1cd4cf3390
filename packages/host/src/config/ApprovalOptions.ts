/**
 * `approval`: which tool calls run, which are asked about and which never run. Of all conversations, of one server, of an
 * agent, and of the requests to `signalbox serve`.
 */
import { Schema } from "effect"

/** What is done with calls that no rule is about. */
export const ApprovalMode = Schema.Literals(["ask", "auto-safe", "auto", "deny"])

const toolPattern = /^[^\s(),=]+$/

const Rule = Schema.Struct({
  /** The name that a tool is shown under or its own, or `<server>__<tool>`; `*` stands for any text. */
  tool: Schema.String.check(
    Schema.isPattern(toolPattern, { message: "Expected the name of a tool, or server__tool; * stands for any text" })
  ),
  /** By name of an argument: what its text must look like. */
  arguments: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  decision: Schema.Literals(["allow", "ask", "deny"])
})

const Rules = Schema.Array(Rule)

/** The section of `conversation`. */
export const ApprovalSection = Schema.Struct({ mode: ApprovalMode, rules: Rules })
export type ApprovalSection = typeof ApprovalSection.Type

/** What an agent has of its own: its rules come before those of all, and its mode instead of theirs. */
export const AgentApproval = Schema.Struct({
  mode: Schema.optionalKey(ApprovalMode),
  rules: Schema.optionalKey(Rules)
})
export type AgentApproval = typeof AgentApproval.Type
