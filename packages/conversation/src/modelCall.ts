/**
 * One call of the model: what it is asked, and its answer on the way through journal, reader and hooks.
 * A recorded answer gives the same events as a live one, so nobody downstream can tell them apart.
 */
import {
  emptyFold,
  eventsOf,
  makeRunningUsage,
  type Message,
  type ModelError,
  type ModelEvent,
  ModelReply,
  type ModelRequest,
  StreamInterrupted,
  textOf,
  type ToolDefinition
} from "@signalbox/model"
import { Duration, Effect, Stream } from "effect"
import { budgetEnd, foldEvents, openBlockAfter } from "./budgetEnd.ts"
import type { JournalError } from "./errors.ts"
import { loggedText, shownInLog } from "./LogsContent.ts"
import { startStopwatch } from "./stopwatch.ts"
import type { TurnEvent } from "./TurnEvent.ts"
import type { HookError } from "./TurnHooks.ts"
import type { TurnOptions } from "./TurnOptions.ts"

/** The request of one step, the `beforeModel` hook applied. */
export const prepareRequest = (
  { call, hooks, request }: Pick<TurnOptions, "call" | "hooks" | "request">,
  messages: ReadonlyArray<Message>,
  tools: ReadonlyArray<ToolDefinition>,
  hasRunTools: boolean,
  step: number
): Effect.Effect<ModelRequest, ModelError | HookError> => {
  const { toolChoice, ...rest } = request
  const choice = tools.length === 0 ? undefined : hasRunTools ? released(toolChoice) : toolChoice
  const complete: ModelRequest = {
    ...rest,
    model: request.model ?? "",
    messages,
    tools,
    ...(choice === undefined ? {} : { toolChoice: choice })
  }
  return hooks.beforeModel === undefined ? Effect.succeed(complete) : hooks.beforeModel(complete, step, call)
}

/** A model that must call a tool each time would never come to an end: the demand holds for the first answer. */
const released = (choice: ModelRequest["toolChoice"]): ModelRequest["toolChoice"] => {
  if (choice?.type !== "any" && choice?.type !== "tool") return choice
  return {
    type: "auto",
    ...(choice.disableParallel === undefined ? {} : { disableParallel: choice.disableParallel })
  }
}

export interface ModelCall {
  readonly request: ModelRequest
  readonly id: string
  readonly step: number
  readonly modelName: string
  readonly emit: (events: ReadonlyArray<TurnEvent>) => Effect.Effect<unknown>
  /** Told of the whole answer before its last event is given out: who has read it all may go away at once. */
  readonly onComplete: (reply: ModelReply) => void
}

/** Asks, and gives every event on as it comes. */
export const askModel = (
  { call, hooks, journal, limits, model }: TurnOptions,
  { emit, id, modelName, onComplete, request, step }: ModelCall
): Effect.Effect<ModelReply, ModelError | JournalError | HookError> =>
  Effect.gen(function* () {
    const emitAll = (events: ReadonlyArray<ModelEvent>) =>
      emit(events.map((event) => ({ type: "model" as const, step, event })))
    let isLive = false
    const live = Effect.suspend(() => {
      isLive = true
      let fold = emptyFold
      let openBlock: number | undefined
      let hasBegun = false
      const running = limits.budget === undefined ? undefined : makeRunningUsage()
      const take = (events: ReadonlyArray<ModelEvent>) => {
        fold = foldEvents(fold, events)
        openBlock = openBlockAfter(openBlock, events)
        for (const event of events) running?.note(event)
        hasBegun = true
        if (fold.isComplete) onComplete(fold.reply)
        return emitAll(events)
      }
      return model.stream(request).pipe(
        Stream.runForEachArray(take),
        Effect.catchTag("BudgetExceeded", (error) =>
          hasBegun ? take(budgetEnd(fold.reply, running?.usage(), openBlock)) : Effect.fail(error)
        ),
        Effect.flatMap(() =>
          fold.isComplete
            ? Effect.succeed(fold.reply)
            : Effect.fail(
                new StreamInterrupted({ provider: model.provider, reason: "the stream ended before the answer did" })
              )
        )
      )
    })
    const elapsed = yield* startStopwatch
    const reply = yield* journal.step({ id: `${id}/model`, output: ModelReply, safety: "safe" }, live)
    if (!isLive) yield* emitAll(eventsOf(reply))
    yield* Effect.logDebug("Model answered", {
      stop_reason: reply.stop_reason,
      ...(yield* loggedText("text", () => textOf(reply.content), shownInLog.reply)),
      duration_ms: Duration.toMillis(yield* elapsed),
      is_recorded: !isLive
    })
    return hooks.afterModel === undefined ? reply : yield* hooks.afterModel(reply, step, call)
  }).pipe(
    Effect.withSpan("model.call", { attributes: { provider: model.provider, model: modelName, step } }),
    Effect.annotateLogs({ step, model: modelName })
  )
