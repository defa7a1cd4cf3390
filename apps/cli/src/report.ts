/**
 * How a command ends: its result printed once, as text or as one JSON object, and its exit code kept for the process.
 */
import { exitCodeOf, exitCodes, type Outcome, toOutcome, withCorrelationId } from "@signalbox/errors"
import { Cause, Context, Effect, Exit, Ref } from "effect"
import { CommandTimeout } from "./errors.ts"
import { Output, renderError, renderOutcome } from "./Output.ts"
import { Setting } from "./Setting.ts"

/** The exit code that the program will have; 0 until a command says otherwise. */
export class ExitCode extends Context.Service<ExitCode, Ref.Ref<number>>()("signalbox/ExitCode") {}

export interface ReportOptions<A> {
  /** Prints the result for people. */
  readonly render: (value: A) => Effect.Effect<void, never, Output>
  /** What `--json` shows as data; the result itself when this is left out. */
  readonly json?: (value: A) => unknown
  readonly exitCode?: (value: A) => number
  /** Whether the command has printed its JSON by itself, so that only a failure is left to be told. */
  readonly hasAnswered?: () => boolean
}

const timeLimited = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Setting, ({ timeout }) =>
    timeout === undefined
      ? effect
      : Effect.timeoutOrElse(effect, {
          duration: timeout,
          orElse: () => Effect.fail(new CommandTimeout({ limit: timeout }))
        })
  )

const codeOf = <A>(options: ReportOptions<A>, outcome: Outcome<A>, exit: Exit.Exit<A, unknown>): number => {
  if (Exit.isSuccess(exit)) return options.exitCode?.(exit.value) ?? exitCodes.ok
  return outcome.status === "timeout" ? exitCodes.timeout : exitCodeOf(exit)
}

const printJson = Effect.fnUntraced(function* <A>(
  options: ReportOptions<A>,
  outcome: Outcome<A>,
  exit: Exit.Exit<A, unknown>
) {
  const isTold = outcome.status === "success" || outcome.status === "cancelled"
  if (isTold && options.hasAnswered?.() === true) return
  const output = yield* Output
  const { json = (value: A): unknown => value } = options
  yield* output.line(renderOutcome({ ...outcome, data: Exit.isSuccess(exit) ? (json(exit.value) ?? null) : null }))
})

const printText = Effect.fnUntraced(function* <A>(options: ReportOptions<A>, exit: Exit.Exit<A, unknown>) {
  if (Exit.isSuccess(exit)) return yield* options.render(exit.value)
  if (Cause.hasInterruptsOnly(exit.cause)) return
  const { errorStyle, status } = yield* Output
  yield* status(renderError(Cause.squash(exit.cause), errorStyle))
})

/**
 * Runs a command's work and prints what came of it. `render` is for people; with `--json` the envelope is
 * printed instead. Failures are printed here and nowhere else.
 */
export const report =
  <A>(options: ReportOptions<A>) =>
  <E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const output = yield* Output
        let ended: Exit.Exit<A, unknown> = Exit.interrupt()
        const watched = restore(timeLimited(work)).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              ended = exit
            })
          )
        )
        const outcome = yield* toOutcome(watched)
        const exitCode = codeOf(options, outcome, ended)
        yield* Ref.set(yield* ExitCode, exitCode)
        yield* Effect.logDebug("The command has ended.", {
          status: outcome.status,
          exit_code: exitCode,
          duration_ms: outcome.duration_ms
        })
        if (Exit.isFailure(ended) && Cause.hasDies(ended.cause)) yield* Effect.logError("Internal error", ended.cause)
        yield* output.isJson ? printJson(options, outcome, ended) : printText(options, ended)
        // An interrupted command ends as interrupted: the signal decides the exit code.
        if (Exit.isFailure(ended) && Cause.hasInterruptsOnly(ended.cause)) return yield* Effect.interrupt
      })
    ).pipe(withCorrelationId())
