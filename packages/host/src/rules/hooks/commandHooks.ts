/**
 * The hooks of a configuration as hooks of the loop: those of one event are asked one after the other, in the order of the
 * file, and each is told what the one before it has changed.
 */
import {
  type BeforeTool,
  fitsCall,
  type HookCall,
  type HookError,
  type PendingCall,
  type ToolOutcome,
  type TurnEnd,
  type TurnHooks
} from "@signalbox/conversation"
import { sourceOf, type ToolDefinition, type ToolResult, textResult } from "@signalbox/model"
import { type Context, Duration, Effect } from "effect"
import type { HookEvent } from "../../config/HookOptions.ts"
import { consult, type HookRequirements } from "./consult.ts"
import { type HookAnswer, type HookInput, hookVersion } from "./HookProtocol.ts"
import type { HookSeam } from "./HookSeam.ts"
import type { ResolvedHook } from "./resolveHooks.ts"

/** What the hooks of a host, or of one of its agents, are made of. */
export interface CommandHookParts {
  readonly hooks: ReadonlyArray<ResolvedHook>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly agent: string | undefined
  readonly platform: Context.Context<HookRequirements>
  /** What stands between the hooks and the world. */
  readonly seam: HookSeam
}

/** A session that begins, or has ended. */
export interface HookSession {
  readonly principal: string
  readonly conversationId: string
  readonly isKept: boolean
}

/** The hooks. */
export interface CommandHooks {
  readonly turn: TurnHooks
  /** What is added to the system prompt. A failure means that the session must not be used. */
  readonly sessionStart: (session: Omit<HookSession, "isKept">) => Effect.Effect<ReadonlyArray<string>, HookError>
  readonly sessionEnd: (session: HookSession) => Effect.Effect<void>
}

type Told<Event extends HookEvent> = Extract<HookInput, { readonly event: Event }>

/** Makes them. Events that no hook is about cost nothing. */
export const makeCommandHooks = ({ agent, environment, hooks, platform, seam }: CommandHookParts): CommandHooks => {
  const on = (event: HookEvent) => hooks.filter(({ entry }) => entry.on === event)
  const ask = <Event extends HookEvent>(hook: ResolvedHook, event: Event, input: Told<Event>) =>
    Effect.provideContext(consult(hook, event, input, environment, seam), platform)

  const common = <Event extends HookEvent>(
    event: Event,
    turn: Pick<HookCall, "principal" | "conversationId"> & { readonly correlationId?: string | undefined }
  ) => ({
    version: hookVersion,
    event,
    principal: turn.principal,
    conversation_id: turn.conversationId,
    request_id: turn.correlationId ?? null,
    agent: agent ?? null
  })

  const beforeModel: NonNullable<TurnHooks["beforeModel"]> = (request, step, turn) =>
    Effect.reduce(
      on("before-model"),
      () => request,
      (current, hook) =>
        Effect.map(
          ask(hook, "before-model", {
            ...common("before-model", turn),
            step,
            model: current.model,
            system: current.system.map(({ text }) => text),
            messages: current.messages,
            tools: current.tools.map(({ name }) => name)
          }),
          (answer) =>
            answer?.add_system === undefined
              ? current
              : { ...current, system: [...current.system, { type: "text" as const, text: answer.add_system }] }
        )
    )

  const afterModel: NonNullable<TurnHooks["afterModel"]> = (reply, step, turn) =>
    Effect.as(
      Effect.forEach(on("after-model"), (hook) =>
        ask(hook, "after-model", {
          ...common("after-model", turn),
          step,
          model: reply.model,
          stop_reason: reply.stop_reason,
          content: reply.content,
          usage: reply.usage
        })
      ),
      reply
    )

  const beforeTool = (pending: PendingCall, turn: HookCall): Effect.Effect<BeforeTool> =>
    Effect.reduce(
      matching(on("before-tool"), pending.tool),
      (): Allowed => pending.call,
      (decided, hook) =>
        Effect.map(
          ask(hook, "before-tool", {
            ...common("before-tool", turn),
            step: pending.step,
            call_id: pending.call.id,
            tool: toolJson(pending.tool),
            arguments: callOf(decided).input
          }),
          (answer) => changed(decided, answer, hook)
        )
    ).pipe(Effect.catch((error) => Effect.succeed<BeforeTool>(error)))

  const afterTool = (
    outcome: ToolOutcome,
    step: number,
    turn: HookCall,
    tool: ToolDefinition | undefined
  ): Effect.Effect<ToolResult> => {
    const { call } = outcome
    const shown = tool ?? unlisted(call.name)
    return Effect.reduce(
      matching(on("after-tool"), shown),
      () => outcome.result,
      (result, hook) =>
        Effect.map(
          ask(hook, "after-tool", {
            ...common("after-tool", turn),
            step,
            call_id: call.id,
            tool: tool === undefined ? null : toolJson(tool),
            tool_name: call.name,
            arguments: call.input,
            status: outcome.status,
            error_code: outcome.code ?? null,
            duration_ms: Duration.toMillis(outcome.duration),
            result
          }),
          (answer) => retold(result, answer)
        )
    ).pipe(Effect.catch((error) => Effect.succeed(textResult(`${error.code}: ${error.message}`, true))))
  }

  /** Nothing can be stopped any more. */
  const turnEnd = (end: TurnEnd, turn: HookCall): Effect.Effect<void> =>
    Effect.forEach(
      on("turn-end"),
      (hook) => tellAnyway(ask(hook, "turn-end", { ...common("turn-end", turn), ...endJson(end) })),
      { discard: true }
    )

  const has = (event: HookEvent): boolean => on(event).length > 0
  return {
    turn: {
      ...(has("before-model") ? { beforeModel } : {}),
      ...(has("after-model") ? { afterModel } : {}),
      ...(has("before-tool") ? { beforeTool } : {}),
      ...(has("after-tool") ? { afterTool } : {}),
      ...(has("turn-end") ? { turnEnd } : {})
    },
    sessionStart: (session) =>
      Effect.map(
        Effect.forEach(on("session-start"), (hook) => ask(hook, "session-start", common("session-start", session))),
        (answers) => answers.flatMap((answer) => answer?.add_system ?? [])
      ),
    sessionEnd: ({ isKept, ...session }) =>
      Effect.forEach(
        on("session-end"),
        (hook) => tellAnyway(ask(hook, "session-end", { ...common("session-end", session), is_kept: isKept })),
        { discard: true }
      )
  }
}

/** A call that goes on, or goes on if somebody approves it. */
type Allowed = Exclude<BeforeTool, HookError | ToolResult>

const callOf = (decided: Allowed) => ("_tag" in decided ? decided.call : decided)

const changed = (decided: Allowed, answer: HookAnswer<"before-tool"> | undefined, { name }: ResolvedHook): Allowed => {
  const call = callOf(decided)
  const next = answer?.arguments === undefined ? call : { ...call, input: answer.arguments }
  if ("_tag" in decided) return { ...decided, call: next }
  if (answer?.decision !== "ask") return next
  return { _tag: "AskFirst", call: next, reason: answer.reason ?? `the hook ${name} wants it` }
}

const retold = (result: ToolResult, answer: HookAnswer<"after-tool"> | undefined): ToolResult => {
  const told = answer?.result
  if (told === undefined) return result
  if (typeof told === "string") return textResult(told, result.isError)
  return { content: told.content, isError: told.is_error ?? result.isError }
}

const matching = (hooks: ReadonlyArray<ResolvedHook>, tool: ToolDefinition): ReadonlyArray<ResolvedHook> =>
  hooks.filter(({ entry }) => entry.match?.some((pattern) => fitsCall({ tool: pattern }, tool, {})) ?? true)

/** What is known of a tool of which there is only the name. */
const unlisted = (name: string): ToolDefinition => ({
  name,
  originalName: name,
  description: "",
  inputSchema: { type: "object" },
  annotations: {},
  runBy: { _tag: "Host", source: "" },
  isTrusted: false
})

const toolJson = ({ annotations, name, originalName, runBy }: ToolDefinition) => ({
  name,
  original_name: originalName,
  source: sourceOf(runBy) ?? "",
  is_read_only: annotations.readOnlyHint === true
})

const endJson = (end: TurnEnd) =>
  end._tag === "Ended"
    ? {
        finish_reason: end.result.finishReason,
        text: end.result.text,
        steps: end.result.steps.length,
        usage: end.result.usage,
        error: null
      }
    : {
        finish_reason: "error",
        text: "",
        steps: 0,
        usage: null,
        error: { code: end.error.code, message: end.error.message }
      }

const tellAnyway = (asked: Effect.Effect<unknown, HookError>): Effect.Effect<void> =>
  Effect.catch(Effect.asVoid(asked), (error) => Effect.logWarning(error.message))
