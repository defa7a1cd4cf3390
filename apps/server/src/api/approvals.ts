/**
 * Approval over HTTP: nobody can be asked while a request runs. So a call that needs it waits, and the turn ends; the next
 * request approves it, in the words of the API where that has some (Responses), else by a header.
 */
import { allowsCall, type Approval, type CallPattern, readPattern } from "@signalbox/conversation"
import {
  type CallContext,
  eventsOf,
  Interaction,
  type LanguageModel,
  type Message,
  noUsage,
  type ServedApprovals,
  sourceOf,
  textMessage,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Stream } from "effect"
import { ToolApprovalInvalid } from "../clients/errors.ts"
import type { NamedServer, RequestHeaders } from "./Dialect.ts"
import { firstCallBy } from "./firstCallBy.ts"
import type { AnsweredCall, TakenCalls } from "./WaitingCalls.ts"

const header = "x-tool-approval"

/** The calls that a request approves beforehand by its header: patterns, with semicolons between them. */
export const approvedBefore = (
  headers: RequestHeaders
): Effect.Effect<ReadonlyArray<CallPattern>, ToolApprovalInvalid> => {
  const texts = (headers[header] ?? "").split(";").filter((text) => text.trim() !== "")
  return Effect.forEach(texts, (text) => {
    const pattern = readPattern(text)
    return pattern === undefined
      ? Effect.fail(new ToolApprovalInvalid({ given: text.trim() }))
      : Effect.succeed(pattern)
  })
}

/** A call that waits is shown to the client, in the words of its API; what a tool asks in the middle of its work is not. */
const remedyFor = (tool: ToolDefinition, isShown: boolean): string =>
  isShown
    ? "The user can approve it: by an mcp_approval_response in the next request."
    : `The user can approve it: by the header ${header}: ${tool.name} in a further request.`

/** Answers the questions of one turn. `hasWords` is whether the API has an item for approvals. */
export const approving = (
  { calls }: TakenCalls,
  before: ReadonlyArray<CallPattern>,
  hasWords: boolean
): CallContext["interaction"] => {
  const answers = new Map(calls.map(({ answer, call }) => [call.id, answer]))
  return {
    ...Interaction.decline,
    approve: ({ callId, input, tool }) =>
      Effect.sync(() => {
        const answer = callId === undefined ? undefined : answers.get(callId)
        if (answer?.isApproved === false) return { isApproved: false, because: "refused", reason: answer.reason }
        if (answer !== undefined || before.some((pattern) => allowsCall(pattern, tool, input)))
          return { isApproved: true, remember: "once" }
        // A tool that runs already cannot be put off.
        return {
          isApproved: false,
          because: callId === undefined ? "nobody" : "later",
          reason: remedyFor(tool, hasWords && callId !== undefined)
        }
      })
  }
}

/**
 * A gate that also asks about the calls that a request wants to approve itself (`require_approval`). What the host asks about
 * or denies stays so: no request has power over that.
 */
export const askingAsWished = (approval: Approval, servers: ReadonlyArray<NamedServer>): Approval => {
  const isWished = (tool: ToolDefinition): boolean => {
    const source = sourceOf(tool.runBy)
    return servers.some((server) => server.name === source && server.approval?.(tool) === "always")
  }
  return {
    ...approval,
    mayAsk: (tool) => approval.mayAsk(tool) || isWished(tool),
    judge: (call) =>
      Effect.map(approval.judge(call), (verdict) =>
        verdict.decision === "allow" && isWished(call.tool)
          ? { decision: "ask", reason: "the request says so (require_approval)" }
          : verdict
      )
  }
}

/** What the encoder shows of approvals. */
export const servedApprovals = (
  { calls }: TakenCalls,
  approval: Approval,
  toolOf: (name: string) => ToolDefinition | undefined
): ServedApprovals => {
  const requests = new Map(calls.map(({ answer, call }) => [call.id, answer.requestId]))
  return {
    requestOf: (callId) => requests.get(callId),
    mayWait: ({ id, name }) => {
      const tool = toolOf(name)
      return !requests.has(id) && tool !== undefined && (tool.mayAskItself === true || approval.mayAsk(tool))
    }
  }
}

/** A model that makes the calls first which were waiting, as it wanted them, and then is asked like any other. */
export const callingFirst = (
  model: LanguageModel["Service"],
  calls: ReadonlyArray<AnsweredCall>
): LanguageModel["Service"] => {
  if (calls.length === 0) return model
  const again = eventsOf({
    id: "approved",
    model: "signalbox",
    content: calls.map(({ call }) => call),
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: noUsage
  })
  return firstCallBy(model, () => Stream.fromIterable(again))
}

/** The conversation, with word of answers that came too late. */
export const tellingUnknown = (messages: ReadonlyArray<Message>, { unknown }: TakenCalls): ReadonlyArray<Message> => {
  if (unknown.length === 0) return messages
  const text = `[The answer about ${unknown.length === 1 ? "a call" : `${unknown.length} calls`} came too late: nobody waits for it any more, and nothing was run. Call the tool again if it is still wanted.]`
  const last = messages.at(-1)
  if (last?.role !== "user") return [...messages, textMessage("user", text)]
  return [...messages.slice(0, -1), { role: "user", content: [...last.content, { type: "text", text }] }]
}
