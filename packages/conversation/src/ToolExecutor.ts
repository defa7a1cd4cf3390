/**
 * Runs the tool calls of one step: some at a time, each within its limit, all through the journal.
 * It never fails: whatever happens to a call becomes its outcome, in the order of the calls, under its id.
 */
import {
  ApprovalRequired,
  type CallContext,
  type InputCheck,
  Interaction,
  InvalidParams,
  inventoryOf,
  isSafeToRepeat,
  makeInputCheck,
  makeQuestionClock,
  type QuestionClock,
  resultText,
  type ToolDefinition,
  type ToolResult,
  Toolbox,
  ToolTimeout,
  type ToolUseBlock,
  type ValidationError
} from "@signalbox/model"
import { Context, Data, DateTime, Duration, Effect, Layer } from "effect"
import type { Approval } from "./approval/Approval.ts"
import { askedByTool } from "./approval/askedByTool.ts"
import { askingFirst, settleByHook } from "./approval/byHook.ts"
import { permit, type Permission } from "./approval/permit.ts"
import { findTool, indexTools, notFound, type ToolIndex, withRunBy } from "./findTool.ts"
import { Journal, type JournalStep } from "./Journal.ts"
import { loggedText, shownInLog } from "./LogsContent.ts"
import { startStopwatch } from "./stopwatch.ts"
import { settleCause, settleFailure, settleTooLate } from "./toolFailure.ts"
import { type ToolOutcome, ToolSettlement } from "./ToolOutcome.ts"
import type { ToolEvent } from "./TurnEvent.ts"
import { isAskFirst, isHookError, noHooks, type TurnHooks } from "./TurnHooks.ts"
import type { TurnLimits } from "./TurnLimits.ts"

/** What calls are run with. */
export interface ToolExecutorOptions {
  readonly toolbox: Toolbox["Service"]
  readonly limits: Pick<TurnLimits, "toolConcurrency" | "toolTimeout">
  readonly journal: Journal["Service"]
  readonly hooks: Pick<TurnHooks, "beforeTool" | "afterTool">
  /** Which calls need a yes; without it all run. */
  readonly approval?: Approval
}

/** For whom, and as which step, calls are run. */
export interface ToolBatch {
  readonly call: Omit<CallContext, "toolCallId">
  /** The start of the calls' ids in the journal: `<turnId>/<step>`. */
  readonly id: string
  readonly step: number
  /** What there is at this step, where that is known already. */
  readonly tools?: ToolIndex
  readonly emit?: (event: ToolEvent) => Effect.Effect<unknown>
}

/**
 * Runs the tool calls of one step: side by side up to a limit, each within its time, through journal and hooks. A
 * call that fails is an outcome, so one never stops the others.
 */
export class ToolExecutor extends Context.Service<
  ToolExecutor,
  {
    /** Answers with one outcome for each call, in the same order. */
    readonly executeAll: (
      calls: ReadonlyArray<ToolUseBlock>,
      batch: ToolBatch
    ) => Effect.Effect<ReadonlyArray<ToolOutcome>>
  }
>()("@signalbox/conversation/ToolExecutor") {
  static readonly make = (options: ToolExecutorOptions): ToolExecutor["Service"] => {
    const executing = { ...options, checkInput: makeInputCheck() }
    return {
      executeAll: (calls, batch) =>
        Effect.flatMap(
          batch.tools === undefined
            ? Effect.map(inventoryOf(options.toolbox), indexTools)
            : Effect.succeed(batch.tools),
          (tools) =>
            Effect.forEach(calls, (call, index) => execute(executing, withRunBy(tools, call), index, tools, batch), {
              concurrency: options.limits.toolConcurrency
            })
        )
    }
  }

  /** An executor over the toolbox of the context that records nothing. */
  static readonly layer = (limits: ToolExecutorOptions["limits"]): Layer.Layer<ToolExecutor, never, Toolbox> =>
    Layer.effect(
      ToolExecutor,
      Effect.map(Toolbox, (toolbox) => ToolExecutor.make({ toolbox, limits, journal: Journal.none, hooks: noHooks }))
    )
}

interface Executing extends ToolExecutorOptions {
  readonly checkInput: InputCheck
}

const execute = (
  options: Executing,
  call: ToolUseBlock,
  index: number,
  tools: ToolIndex,
  batch: ToolBatch
): Effect.Effect<ToolOutcome> => {
  const tool = findTool(tools, call.name)
  const source = tool?.runBy._tag === "Host" ? tool.runBy.source : undefined
  return Effect.gen(function* () {
    const emit = batch.emit ?? (() => Effect.void)
    const clock = makeQuestionClock(batch.call.interaction)
    // What a person takes to answer is no time of the call.
    const elapsed = Effect.zipWith(yield* startStopwatch, clock.asked, Duration.subtract)
    const start = Effect.suspend(() => emit({ type: "tool_start", step: batch.step, call, tool }))
    const settled =
      tool === undefined
        ? yield* Effect.as(start, settleFailure(notFound(tools, call.name)))
        : yield* settle(options, { call, tool, id: `${batch.id}/tool/${index}`, start, clock }, batch)
    const outcome: ToolOutcome = { ...settled, call, duration: yield* elapsed }
    const told =
      options.hooks.afterTool === undefined
        ? outcome.result
        : yield* options.hooks.afterTool(outcome, batch.step, batch.call, tool)
    const final = told === outcome.result ? outcome : { ...outcome, ...retold(outcome, told), duration: yield* elapsed }
    yield* Effect.logDebug("Tool call finished", {
      status: final.status,
      code: final.code,
      ...(yield* loggedText("result", () => resultText(final.result), shownInLog.result)),
      duration_ms: Duration.toMillis(final.duration)
    })
    yield* emit({ type: "tool_end", step: batch.step, callId: call.id, outcome: final })
    return final
  }).pipe(
    Effect.withSpan("tool.call", {
      attributes: { tool_name: call.name, tool_call_id: call.id, source, step: batch.step }
    }),
    Effect.annotateLogs({
      tool_name: call.name,
      tool_call_id: call.id,
      step: batch.step,
      input_keys: Object.keys(call.input)
    })
  )
}

/** A hook that changes what the model is told may turn an answer into an error, or back. */
const retold = (settled: ToolSettlement, result: ToolResult): ToolSettlement =>
  settled.status === "ok" || settled.status === "tool_error" ? answered(result) : { ...settled, result }

const answered = (result: ToolResult): ToolSettlement => ({ status: result.isError ? "tool_error" : "ok", result })

/** One call, and what it takes to begin it. */
interface KnownCall {
  readonly call: ToolUseBlock
  readonly tool: ToolDefinition
  /** Its step in the journal. */
  readonly id: string
  /** Tells that it begins. */
  readonly start: Effect.Effect<unknown>
  readonly clock: QuestionClock
}

const settle = Effect.fnUntraced(function* (options: Executing, known: KnownCall, batch: ToolBatch) {
  const { call: asked, start, tool } = known
  const wrong = checkCall(options.checkInput, asked, tool)
  if (wrong !== undefined) return yield* Effect.as(start, settleFailure(wrong))
  const decided =
    options.hooks.beforeTool === undefined
      ? asked
      : yield* options.hooks.beforeTool({ step: batch.step, call: asked, tool }, batch.call)
  if (isHookError(decided)) return yield* settleByHook(decided, tool)
  const call = isAskFirst(decided) ? decided.call : decided
  if (!("type" in call)) return yield* Effect.as(start, answered(call))
  const stillWrong = call === asked ? undefined : checkCall(options.checkInput, call, tool)
  if (stillWrong !== undefined) return yield* Effect.as(start, settleFailure(stillWrong))
  const mustAsk = isAskFirst(decided)
    ? { ...options, approval: askingFirst(options.approval, decided.reason) }
    : options
  return yield* runPermitted(mustAsk, { ...known, call: { ...call, id: asked.id } }, batch)
})

/** What is told of a call that did not begin: nothing of it has started. */
const isUnstarted = ({ status }: ToolSettlement): boolean => status === "awaiting_approval" || status === "refused"

const runPermitted = Effect.fnUntraced(function* (options: Executing, known: KnownCall, batch: ToolBatch) {
  const { call, clock, id, start, tool } = known
  const safety = isSafeToRepeat(tool) ? ("safe" as const) : ("unsafe" as const)
  const step = { id, output: ToolSettlement, safety, subject: call.id, toolName: call.name }
  const permission = yield* permissionFor(options, { call, clock, tool, step }, batch)
  if (permission._tag === "Settled") {
    const { settled } = permission
    // What the journal has run before is told like what is run now.
    return isUnstarted(settled) ? settled : yield* Effect.as(start, settled)
  }
  if (permission._tag === "Granted") yield* start
  return yield* options.journal
    .step(
      step,
      permission._tag === "Refused"
        ? Effect.succeed(permission.refusal)
        : run(options, { call, clock, tool, isAsked: permission.isAsked }, batch)
    )
    .pipe(Effect.catch((error) => Effect.succeed(error._tag === "PutOff" ? error.settled : settleFailure(error))))
})

const permissionFor = Effect.fnUntraced(function* (
  { approval, journal }: Executing,
  {
    call,
    clock,
    step,
    tool
  }: Pick<KnownCall, "call" | "clock" | "tool"> & { readonly step: JournalStep<ToolSettlement, unknown> },
  { call: context, emit = () => Effect.void, step: round }: ToolBatch
): Effect.fn.Return<Permission> {
  if (approval === undefined) return { _tag: "Granted", isAsked: false }
  const permission = permit({
    approval,
    journal,
    step,
    call: { tool, input: call.input, context },
    callId: call.id,
    interaction: clock.interaction,
    onAsk: (reason) => emit({ type: "tool_asked", step: round, call, reason })
  })
  const { deadline } = context
  if (deadline === undefined) return yield* permission
  const tooLate: Permission = { _tag: "Settled", settled: settleTooLate(tool.name) }
  return yield* Effect.timeoutOrElse(permission, {
    duration: DateTime.distance(yield* DateTime.now, deadline),
    orElse: () => Effect.succeed(tooLate)
  })
})

/** The longest piece of unreadable arguments that the model is shown again. */
const maxShownLength = 200

const checkCall = (checkInput: InputCheck, call: ToolUseBlock, tool: ToolDefinition): InvalidParams | undefined => {
  const validationErrors: ReadonlyArray<typeof ValidationError.Type> =
    call.invalidInput === undefined ? checkInput(tool.inputSchema, call.input) : [notAnObject(call.invalidInput)]
  return validationErrors.length === 0 ? undefined : new InvalidParams({ toolName: call.name, validationErrors })
}

const notAnObject = (text: string): typeof ValidationError.Type => ({
  field: "",
  type: "type",
  message: `the arguments must be one JSON object, and this is none: ${text.slice(0, maxShownLength)}`
})

/** A call that may run, and whether a person has just been asked about it. */
interface GrantedCall extends Pick<KnownCall, "call" | "clock" | "tool"> {
  readonly isAsked: boolean
}

/**
 * The tool itself wanted a yes, before it did anything, and somebody can give it later. A failure, so that the journal does
 * not take it for the end of the call.
 */
class PutOff extends Data.TaggedError("PutOff")<{ readonly settled: ToolSettlement }> {}

/** What the tool asks by itself goes through the same memory as what is asked before it runs. */
const interactionOf = (
  { approval }: ToolExecutorOptions,
  { call, isAsked, tool }: GrantedCall,
  { call: context, emit = () => Effect.void, step }: ToolBatch,
  interaction: Interaction
): Interaction =>
  approval === undefined
    ? interaction
    : askedByTool({
        approval,
        context,
        interaction,
        ...(isAsked ? { approved: { tool, input: call.input } } : {}),
        onAsk: (reason) => emit({ type: "tool_asked", step, call, reason })
      })

const run = (
  options: ToolExecutorOptions,
  granted: GrantedCall,
  batch: ToolBatch
): Effect.Effect<ToolSettlement, PutOff> =>
  Effect.gen(function* () {
    const { limits, toolbox } = options
    const {
      call: { id: toolCallId, input },
      clock,
      tool
    } = granted
    const now = yield* DateTime.now
    const latest = latestEnd(tool.hasOwnTimeLimit === true ? undefined : limits.toolTimeout, batch.call.deadline, now)
    if (latest !== undefined && DateTime.isLessThanOrEqualTo(latest, now)) return settleTooLate(tool.name)
    // Where a person may be asked, only the caller's own deadline is a moment; our limit stands still meanwhile.
    const deadline = clock.canAsk ? batch.call.deadline : latest
    const limit = latest === undefined ? Duration.infinity : DateTime.distance(now, latest)
    // A source may still report progress of a call that is over; nobody is to see it then.
    let isOpen = true
    let isPutOff = false
    const asked = interactionOf(options, granted, batch, clock.interaction)
    const notingPutOff: Interaction["approve"] = (request) =>
      Effect.tap(asked.approve(request), (answer) =>
        Effect.sync(() => {
          isPutOff ||= !answer.isApproved && answer.because === "later"
        })
      )
    // That there is nobody is known by the function that says so.
    const interaction = asked.approve === Interaction.decline.approve ? asked : { ...asked, approve: notingPutOff }
    const emit = batch.emit
    const context: CallContext = {
      ...batch.call,
      toolCallId,
      deadline,
      interaction: {
        ...interaction,
        progress: (progress) =>
          Effect.suspend(() => {
            if (!isOpen || emit === undefined) return interaction.progress(progress)
            return Effect.andThen(
              emit({ type: "tool_progress", step: batch.step, callId: toolCallId, progress }),
              interaction.progress(progress)
            )
          })
      }
    }
    return yield* toolbox.call(tool.name, input, context).pipe(
      latest === undefined
        ? (call) => call
        : clock.within(limit, deadline, () =>
            Effect.fail(new ToolTimeout({ toolName: tool.name, source: sourceOf(tool), limit }))
          ),
      Effect.map(answered),
      Effect.catchCause((cause) => settleCause(tool.name, cause)),
      Effect.flatMap((settled) =>
        isPutOff && settled.code === ApprovalRequired.definition.code
          ? Effect.fail(new PutOff({ settled: { ...settled, status: "awaiting_approval" } }))
          : Effect.succeed(settled)
      ),
      Effect.ensuring(
        Effect.sync(() => {
          isOpen = false
        })
      )
    )
  })

/** The moment by which a call has to be over. */
const latestEnd = (
  limit: Duration.Duration | undefined,
  deadline: DateTime.Utc | undefined,
  now: DateTime.Utc
): DateTime.Utc | undefined => {
  const own = limit === undefined ? undefined : DateTime.addDuration(now, limit)
  return own === undefined || deadline === undefined ? (own ?? deadline) : DateTime.min(own, deadline)
}

const sourceOf = ({ runBy }: ToolDefinition): string => (runBy._tag === "Host" ? runBy.source : runBy._tag)
