/**
 * The one loop: ask the model, run the tools of the host that it calls, ask again, until it is done.
 * It holds no state between turns. A fiber of the stream's scope feeds a small bounded queue: who reads slowly
 * slows the model down, and who stops reading stops everything.
 */
import { CorrelationId } from "@signalbox/errors"
import {
  ApprovalRequired,
  type BudgetExceeded,
  budgetModel,
  GivenUpRoutes,
  inventoryOf,
  makeBudgetMeter,
  makeSteadyToolbox,
  type ModelError,
  type ModelReply,
  textOf,
  type ToolUseBlock
} from "@signalbox/model"
import { Clock, DateTime, Duration, Effect, Queue, Stream } from "effect"
import { budgetStop } from "./budgetEnd.ts"
import { contextTools } from "./context/contextTools.ts"
import { fitStep } from "./context/fitStep.ts"
import { learningModel } from "./context/learningModel.ts"
import type { JournalError } from "./errors.ts"
import { indexTools, type ToolIndex, withRunBy } from "./findTool.ts"
import { callsIn } from "./history.ts"
import { askModel, type ModelCall, prepareRequest } from "./modelCall.ts"
import { makeRepeatedCalls, repeatedCallsCode } from "./repeatedCalls.ts"
import { ToolExecutor } from "./ToolExecutor.ts"
import { settleNotRun } from "./toolFailure.ts"
import type { ToolOutcome, ToolSettlement } from "./ToolOutcome.ts"
import type { TurnEvent } from "./TurnEvent.ts"
import { type HookError, joinHooks } from "./TurnHooks.ts"
import type { TurnOptions } from "./TurnOptions.ts"
import { TurnProgress } from "./TurnProgress.ts"
import type { FinishReason, TurnResult } from "./TurnResult.ts"

/** What a turn fails with: what its model does, its journal, or a hook that must be asked. */
export type TurnError = ModelError | JournalError | HookError

/**
 * Runs one turn, with the tools that there are when it begins. Failures of tools never fail it; the stream fails
 * when the model does, or the journal.
 * Interrupting the stream stops the model's stream and all tool calls, and no event comes after.
 */
export const runTurn = (options: TurnOptions): Stream.Stream<TurnEvent, TurnError> =>
  Stream.unwrap(
    Effect.map(makeSteadyToolbox(options.toolbox).forTurn, (toolbox) =>
      observeTurn({ ...options, toolbox }, new TurnProgress(), (turn) => turn)
    )
  )

/** Reads a turn to its end. */
export const collectTurn = <E, R>(turn: Stream.Stream<TurnEvent, E, R>): Effect.Effect<TurnResult, E, R> =>
  turn.pipe(
    Stream.runFold(
      (): TurnResult | undefined => undefined,
      (result, event) => (event.type === "turn_end" ? event.result : result)
    ),
    Effect.flatMap((result) =>
      result === undefined ? Effect.die(new Error("The turn ended without turn_end.")) : Effect.succeed(result)
    )
  )

/** Events that wait for a reader; the model stops when there are this many. */
const bufferSize = 16

/** A turn without its last event. */
export type TurnEffect<E = never> = Effect.Effect<TurnResult, TurnError | E>

/**
 * `runTurn` with its progress in view, and a toolbox whose list does not change any more. `around` may put something before, after or beside the turn; `turn_end`
 * is given out when it is done.
 */
export const observeTurn = <E>(
  options: TurnOptions,
  progress: TurnProgress,
  around: (turn: TurnEffect) => TurnEffect<E>
): Stream.Stream<TurnEvent, TurnError | E> =>
  Stream.callback<TurnEvent, TurnError | E>(
    (queue) => {
      const emit: Emit = (events) => {
        for (const event of events) progress.note(event)
        return Queue.offerAll(queue, events)
      }
      return around(loop(options, progress, emit)).pipe(
        Effect.flatMap((result) => emit([{ type: "turn_end", result }])),
        Effect.andThen(Queue.end(queue))
      )
    },
    { bufferSize }
  )

type Emit = (events: ReadonlyArray<TurnEvent>) => Effect.Effect<unknown>

/** Stop reasons after which calls may be cut off in the middle of their arguments. */
const cutOffReasons = new Set<FinishReason>(["max_tokens", "refusal", "model_context_window_exceeded", budgetStop])

const approvalSentence = (names: ReadonlyArray<string>) =>
  `Not run, because ${names.length === 1 ? "it needs" : "they need"} approval: ${names.join(", ")}.`

const limitSentence = (maxHops: number) =>
  `Reached maximum tool call limit (${maxHops}). Stopping to prevent infinite recursion.`

const loop = Effect.fnUntraced(function* (given: TurnOptions, progress: TurnProgress, emit: Emit) {
  const correlationId = given.call.correlationId ?? (yield* CorrelationId)
  const within = yield* withinBudget(withinWindow(given))
  const call = { ...within.call, correlationId }
  const options = { ...within, call }
  const { approval, journal, limits, model } = options
  const repeated = makeRepeatedCalls(limits.repeats)
  const hooks = limits.repeats === undefined ? options.hooks : joinHooks([options.hooks, repeated.hooks])
  const { offer, permitting, toolbox } = contextTools(options.toolbox, options.context)
  const turnId = options.turnId ?? `${call.conversationId}/${blockCount(options.messages)}`
  const executor = ToolExecutor.make({
    toolbox,
    limits,
    journal,
    hooks,
    ...(approval === undefined ? {} : { approval: permitting(approval) })
  })
  let tools = indexTools(yield* inventoryOf(toolbox))
  let rounds = 0

  const finish = (
    finishReason: FinishReason,
    given: { readonly pendingCalls?: ReadonlyArray<ToolUseBlock>; readonly text?: string } = {}
  ): TurnResult => ({
    finishReason,
    usage: progress.usage,
    steps: progress.steps,
    messages: progress.messages,
    pendingCalls: given.pendingCalls ?? [],
    text: given.text ?? progress.steps.at(-1)?.text ?? ""
  })

  const endStep = Effect.fnUntraced(function* (missing?: ToolSettlement) {
    const summary = progress.end(yield* Clock.monotonicTimeNanos, missing && (() => missing))
    if (summary === undefined) return
    // Calls that were never started are answered here: every call that is not pending has its `tool_end`.
    const unstarted = summary.outcomes.filter(({ status }) => status === "not_run")
    yield* emit([
      ...unstarted.map((outcome) => ({
        type: "tool_end" as const,
        step: summary.step,
        callId: outcome.call.id,
        outcome
      })),
      { type: "step_end", step: summary.step, summary }
    ])
  })

  /** One call of the model. When it is done, the step is open and its calls say who runs them. */
  const ask = Effect.fnUntraced(function* (step: number) {
    const start = {
      step,
      provider: model.provider,
      at: yield* DateTime.now,
      nanos: yield* Clock.monotonicTimeNanos
    }
    const said = [...options.messages, ...progress.messages]
    tools = { ...tools, listed: yield* offer(said, options.request.toolChoice) }
    const prepared = yield* prepareRequest(options, said, tools.listed, rounds > 0, step)
    const { notices, request } = yield* fitStep(options.context?.window, prepared, options.messages.length, step)
    const modelName = request.model === "" ? model.defaultModel : request.model
    yield* emit([...notices, { type: "step_start", step, provider: model.provider, model: modelName }])
    const call: ModelCall = {
      request,
      id: `${turnId}/${step}`,
      step,
      modelName,
      emit,
      onComplete: (reply) => progress.begin(start, { ...reply, content: withRunBys(tools, reply.content) })
    }
    const answer = yield* askModel(options, call)
    const reply: ModelReply = { ...answer, content: withRunBys(tools, answer.content) }
    progress.begin(start, reply)
    return reply
  })

  const runTools = (step: number, calls: ReadonlyArray<ToolUseBlock>) =>
    executor.executeAll(calls, {
      call,
      id: `${turnId}/${step}`,
      step,
      tools,
      emit: (event) => emit([event])
    })

  /** The host says in the place of the model why the turn is over. */
  const stopWith = Effect.fnUntraced(function* (
    finishReason: FinishReason,
    { code, content, sentence }: { readonly code: string; readonly sentence: string } & Pick<ModelReply, "content">
  ) {
    progress.messages.push({ role: "assistant", content: [{ type: "text", text: sentence }] })
    yield* emit([{ type: "notice", code, text: sentence }])
    const said = textOf(content)
    return finish(finishReason, { text: said === "" ? sentence : `${said}\n\n${sentence}` })
  })

  const stopAtLimit = Effect.fnUntraced(function* (content: ModelReply["content"]) {
    yield* endStep(
      settleNotRun(
        "TOOL_LIMIT_REACHED",
        `not run: tool limit (${limits.maxHops} ${limits.maxHops === 1 ? "round" : "rounds"}) reached.`
      )
    )
    const sentence = limitSentence(limits.maxHops)
    return yield* stopWith("tool_limit_reached", { code: "TOOL_LIMIT_REACHED", sentence, content })
  })

  /** Calls were put off until somebody can approve them. The model is not asked again: it could not do anything else. */
  const stopForApproval = (waiting: ReadonlyArray<ToolOutcome>, content: ModelReply["content"]) => {
    const sentence = approvalSentence(waiting.map(({ call }) => call.name))
    return stopWith("approval_required", { code: ApprovalRequired.definition.code, sentence, content })
  }

  /** The model was not asked any more, or had not begun to answer. */
  const stopAtBudget = Effect.fnUntraced(function* ({ code, message }: BudgetExceeded) {
    progress.messages.push({ role: "assistant", content: [{ type: "text", text: message }] })
    yield* emit([{ type: "notice", code, text: message }])
    return finish(budgetStop)
  })

  /** Runs what is the host's, and ends the step. */
  const settleCalls = Effect.fnUntraced(function* (
    step: number,
    calls: ReadonlyArray<ToolUseBlock>,
    content: ModelReply["content"]
  ) {
    const hosts = calls.filter(({ runBy }) => runBy?._tag === "Host")
    if (hosts.length > 0 && rounds >= limits.maxHops) return yield* stopAtLimit(content)
    const outcomes = hosts.length > 0 ? yield* runTools(step, hosts) : []
    yield* endStep()
    const pendingCalls = calls.filter(({ runBy }) => runBy?._tag === "Caller")
    if (pendingCalls.length > 0) return finish("tool_use", { pendingCalls })
    const waiting = outcomes.filter(({ status }) => status === "awaiting_approval")
    if (waiting.length > 0) return yield* stopForApproval(waiting, content)
    const sentence = repeated.ending()
    if (sentence === undefined) return undefined
    return yield* stopWith("repeated_calls", { code: repeatedCallsCode, sentence, content })
  })

  /** Ends the open step by what was answered. Without a result the model is to be asked again. */
  const settle = Effect.fnUntraced(function* (step: number, { content, stop_reason }: ModelReply) {
    const stopReason = stop_reason ?? "end_turn"
    const calls = callsIn(content)
    if (calls.length === 0) {
      yield* endStep()
      // The provider paused a long answer of its own; the same conversation again lets it go on.
      if (stopReason === "pause_turn" && rounds < limits.maxHops) return undefined
      return finish(stopReason === "tool_use" ? "end_turn" : stopReason)
    }
    if (cutOffReasons.has(stopReason)) {
      yield* endStep(settleNotRun("ANSWER_CUT_OFF", `not run: the answer with this call broke off (${stopReason}).`))
      return finish(stopReason)
    }
    return yield* settleCalls(step, calls, content)
  })

  const turn = Effect.gen(function* () {
    for (let step = 1; ; step++) {
      const result = yield* Effect.catchTag(
        Effect.flatMap(ask(step), (reply) => settle(step, reply)),
        "BudgetExceeded",
        stopAtBudget
      )
      if (result !== undefined) return result
      rounds++
    }
  })
  const { turnEnd } = hooks
  const told =
    turnEnd === undefined
      ? turn
      : turn.pipe(
          Effect.tap((result) => turnEnd({ _tag: "Ended", result }, call)),
          Effect.tapError((error) => turnEnd({ _tag: "Failed", error }, call))
        )
  return yield* told.pipe(
    Effect.annotateLogs({ conversation_id: call.conversationId, message_count: options.messages.length }),
    Effect.provideService(CorrelationId, correlationId),
    // A provider that was given up for a fallback is not asked first again by the next step.
    Effect.provideService(GivenUpRoutes, new Set())
  )
})

/** One meter for the whole turn. When its time is up, tools that still run are stopped like an answer that still comes. */
const withinBudget = Effect.fnUntraced(function* (options: TurnOptions): Effect.fn.Return<TurnOptions> {
  const { budget } = options.limits
  if (budget === undefined) return options
  const model = budgetModel(yield* makeBudgetMeter(budget))(options.model)
  const { maxSeconds } = budget.budget
  if (maxSeconds === undefined) return { ...options, model }
  // The meter asks whether the time is over, not whether it is just up.
  const timeLeft = Duration.millis(Math.min(maxSeconds * 1000, longestTurnMillis) + 1)
  const end = DateTime.addDuration(yield* DateTime.now, timeLeft)
  const { deadline = end } = options.call
  return { ...options, model, call: { ...options.call, deadline: DateTime.min(deadline, end) } }
})

/** Further ahead no date can be told from another; a thousand years. */
const longestTurnMillis = 3.2e13

/** A model that is asked once more where it has refused what is too long. */
const withinWindow = (options: TurnOptions): TurnOptions => {
  const window = options.context?.window
  return window === undefined ? options : { ...options, model: learningModel(window, options.model) }
}

/** Grows with whatever is said, also where it is said within the last message. */
const blockCount = (messages: TurnOptions["messages"]): number =>
  messages.reduce((count, { content }) => count + content.length, 0)

const withRunBys = (tools: ToolIndex, content: ModelReply["content"]): ModelReply["content"] =>
  content.map((block) => (block.type === "tool_use" ? withRunBy(tools, block) : block))
