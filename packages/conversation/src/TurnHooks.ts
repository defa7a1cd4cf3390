/**
 * Where a host puts its own rules into the loop: before and after each model call and each tool call, and when a turn is
 * over. Hooks run outside the journal's steps: when a recorded turn is played again, they run again.
 */
import type { SignalboxError } from "@signalbox/errors"
import type {
  CallContext,
  ModelError,
  ModelReply,
  ModelRequest,
  ToolDefinition,
  ToolResult,
  ToolUseBlock
} from "@signalbox/model"
import { Effect } from "effect"
import type { HookFailed, HookRefused } from "./errors.ts"
import type { ToolOutcome } from "./ToolOutcome.ts"
import type { TurnResult } from "./TurnResult.ts"

/** A rule of the host that said no, or could not be asked and must be. */
export type HookError = HookRefused | HookFailed

/** A call that is about to be run: its tool exists and its arguments fit. */
export interface PendingCall {
  readonly step: number
  readonly call: ToolUseBlock
  readonly tool: ToolDefinition
}

/** A call that may run only if somebody says so, whatever the policy of approvals lets through. */
export interface AskFirst {
  readonly _tag: "AskFirst"
  readonly call: ToolUseBlock
  /** A clause: why it needs approval. */
  readonly reason: string
}

/** What becomes of a call: it runs, it runs if somebody approves it, it has this result instead, or it is refused. */
export type BeforeTool = ToolUseBlock | AskFirst | ToolResult | HookError

/** Whose turn it is, and whom it may ask. */
export type HookCall = Omit<CallContext, "toolCallId">

/** How a turn ended by itself. One that was stopped has no end. */
export type TurnEnd =
  | { readonly _tag: "Ended"; readonly result: TurnResult }
  | { readonly _tag: "Failed"; readonly error: SignalboxError }

/** Where a program may look into a turn and change it. Each is told whose turn it is. */
export interface TurnHooks {
  /** Answers with the request to send. A failure ends the turn. */
  readonly beforeModel?: (
    request: ModelRequest,
    step: number,
    turn: HookCall
  ) => Effect.Effect<ModelRequest, ModelError | HookError>
  /** Answers with the reply to go on with; the events of the original have been emitted by then. */
  readonly afterModel?: (
    reply: ModelReply,
    step: number,
    turn: HookCall
  ) => Effect.Effect<ModelReply, ModelError | HookError>
  /** Answers with what becomes of the call. */
  readonly beforeTool?: (pending: PendingCall, turn: HookCall) => Effect.Effect<BeforeTool>
  /**
   * Answers with what the model is told. Sees every outcome, those of unknown tools included: then, and where a turn is
   * closed that its program did not end, there is no `tool`.
   */
  readonly afterTool?: (
    outcome: ToolOutcome,
    step: number,
    turn: HookCall,
    tool: ToolDefinition | undefined
  ) => Effect.Effect<ToolResult>
  /** Is told how the turn ended, before anybody else is. */
  readonly turnEnd?: (end: TurnEnd, turn: HookCall) => Effect.Effect<void>
}

/** No rules. */
export const noHooks: TurnHooks = {}

/**
 * Several as one: each is given what the one before it answered. A call that one has settled is not shown to those
 * after it; one that one wants to be asked about is.
 */
export const joinHooks = (all: ReadonlyArray<TurnHooks>): TurnHooks => all.reduce(both, noHooks)

/** Both where there are two, else the one that there is. */
const either = <A>(first: A | undefined, second: A | undefined, join: (first: A, second: A) => A): A | undefined =>
  first === undefined ? second : second === undefined ? first : join(first, second)

const both = (one: TurnHooks, other: TurnHooks): TurnHooks => {
  const beforeModel = either(
    one.beforeModel,
    other.beforeModel,
    (first, second) => (request, step, turn) =>
      Effect.flatMap(first(request, step, turn), (changed) => second(changed, step, turn))
  )
  const afterModel = either(
    one.afterModel,
    other.afterModel,
    (first, second) => (reply, step, turn) =>
      Effect.flatMap(first(reply, step, turn), (changed) => second(changed, step, turn))
  )
  const beforeTool = either(
    one.beforeTool,
    other.beforeTool,
    (first, second) => (pending, turn) =>
      Effect.flatMap(first(pending, turn), (decided) => {
        const asked = isAskFirst(decided) ? decided : undefined
        const call = asked?.call ?? (isCall(decided) ? decided : undefined)
        if (call === undefined) return Effect.succeed(decided)
        return Effect.map(second({ ...pending, call }, turn), (then) =>
          asked !== undefined && isCall(then) ? { ...asked, call: then } : then
        )
      })
  )
  const afterTool = either(
    one.afterTool,
    other.afterTool,
    (first, second) => (outcome, step, turn, tool) =>
      Effect.flatMap(first(outcome, step, turn, tool), (result) => second({ ...outcome, result }, step, turn, tool))
  )
  const turnEnd = either(
    one.turnEnd,
    other.turnEnd,
    (first, second) => (end, turn) => Effect.andThen(first(end, turn), second(end, turn))
  )
  return {
    ...(beforeModel === undefined ? {} : { beforeModel }),
    ...(afterModel === undefined ? {} : { afterModel }),
    ...(beforeTool === undefined ? {} : { beforeTool }),
    ...(afterTool === undefined ? {} : { afterTool }),
    ...(turnEnd === undefined ? {} : { turnEnd })
  }
}

/** Whether the call is to be asked about. */
export const isAskFirst = (decided: BeforeTool): decided is AskFirst => "_tag" in decided && decided._tag === "AskFirst"

/** Whether a rule said no. */
export const isHookError = (decided: BeforeTool): decided is HookError =>
  "_tag" in decided && (decided._tag === "HookRefused" || decided._tag === "HookFailed")

const isCall = (decided: BeforeTool): decided is ToolUseBlock => "type" in decided

/** Those that look at what there is already, told whose turn it was. */
export interface AfterHooks {
  readonly afterModel: (reply: ModelReply, step: number) => Effect.Effect<ModelReply, ModelError | HookError>
  readonly afterTool: (outcome: ToolOutcome, step: number) => Effect.Effect<ToolResult>
}

/** Leaves all as it is. */
export const noAfterHooks: AfterHooks = {
  afterModel: (reply) => Effect.succeed(reply),
  afterTool: ({ result }) => Effect.succeed(result)
}

/** The hooks of one turn that runs no more. */
export const afterHooks = ({ afterModel, afterTool }: TurnHooks, turn: HookCall): AfterHooks => ({
  afterModel: (reply, step) => (afterModel ?? noAfterHooks.afterModel)(reply, step, turn),
  afterTool: (outcome, step) => (afterTool ?? noAfterHooks.afterTool)(outcome, step, turn, undefined)
})
