/**
 * Keeps a model within a budget: a call that cannot fit is not begun, and one that passes a limit is ended.
 */
import { Effect, Stream } from "effect"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import { type ModelRequest, noUsage } from "../Message.ts"
import type { ModelEvent } from "../ModelEvent.ts"
import { partsOf } from "../tokens/parts.ts"
import type { BudgetMeter } from "./Budget.ts"
import { estimateTokens, makeRunningUsage, type RunningUsage } from "./runningUsage.ts"

/**
 * Wraps a model. A stream fails with `BudgetExceeded` right after the events with which it passed a limit; one that
 * has reported its end is whole and is handed on, and the next call is refused.
 */
export const budgetModel =
  (meter: BudgetMeter) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    const begin = (request: ModelRequest) =>
      meter.begin(
        { provider: model.provider, model: request.model === "" ? model.defaultModel : request.model },
        estimateInput(request)
      )
    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) =>
        Stream.unwrap(
          Effect.map(begin(request), (run) => {
            const running = makeRunningUsage()
            return model.stream(request).pipe(
              Stream.interruptWhen(run.outOfTime),
              Stream.mapArrayEffect((events) =>
                Effect.map(Effect.result(note(running, events, run.report)), (checked) => [[events, checked]] as const)
              ),
              Stream.flatMap(([events, checked]) =>
                checked._tag === "Success"
                  ? Stream.fromIterable(events)
                  : Stream.concat(Stream.fromIterable(events), Stream.fail(checked.failure))
              ),
              Stream.onExit(() => run.end(running.usage()))
            )
          })
        ),
      generate: (request) =>
        Effect.flatMap(begin(request), (run) => {
          let usage = noUsage
          return Effect.raceFirst(model.generate(request), run.outOfTime).pipe(
            Effect.tap((reply) => Effect.sync(() => (usage = reply.usage))),
            Effect.onExit(() => run.end(usage))
          )
        }),
      countTokens: model.countTokens
    })
  }

const note = <E>(
  running: RunningUsage,
  events: ReadonlyArray<ModelEvent>,
  report: (usage: ReturnType<RunningUsage["usage"]>) => Effect.Effect<void, E>
): Effect.Effect<void, E> => {
  for (const event of events) running.note(event)
  return running.isReported() ? Effect.void : report(running.usage())
}

const estimateInput = (request: ModelRequest): number => {
  const { media, texts } = partsOf(request)
  return Math.ceil(texts.reduce((sum, text) => sum + estimateTokens(text), media))
}
