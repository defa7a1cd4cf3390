/**
 * How a command ends: its result printed once, as text or as one JSON object, and its exit code kept for the process.
 */
import {
  CorrelationId,
  exitCodeOf,
  type Outcome,
  outcomeOf,
  type SignalboxError,
  toJson,
  withCorrelationId
} from "@signalbox/errors"
import { Cause, Context, DateTime, Effect, Exit, Ref } from "effect"
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
  /**
   * What is wrong with a result that is only a part of what was asked for. Its status decides the exit code, and
   * `--json` shows it beside the data; for people `render` has told it already.
   */
  readonly shortfall?: (value: A) => SignalboxError | undefined
  /** Whether the command has printed its JSON by itself, so that only a failure is left to be told. */
  readonly hasAnswered?: () => boolean
  /** Tells a failure in the command's own form on standard output, too, where that is not the envelope. */
  readonly tellFailure?: ((error: unknown) => Effect.Effect<void, never, Output>) | undefined
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

const printJson = Effect.fnUntraced(function* <A>(
  options: ReportOptions<A>,
  exit: Exit.Exit<A, unknown>,
  outcome: Outcome<unknown>
) {
  const isTold = Exit.isSuccess(exit) || outcome.status === "cancelled"
  if (isTold && options.hasAnswered?.() === true) return
  const output = yield* Output
  yield* output.line(renderOutcome(outcome))
})

const printText = Effect.fnUntraced(function* <A>(options: ReportOptions<A>, exit: Exit.Exit<A, unknown>) {
  if (Exit.isSuccess(exit)) return yield* options.render(exit.value)
  if (Cause.hasInterruptsOnly(exit.cause)) return
  const { errorStyle, status } = yield* Output
  const error = Cause.squash(exit.cause)
  if (options.tellFailure !== undefined) yield* options.tellFailure(error)
  yield* status(renderError(error, errorStyle))
})

/** The outcome of something that is only a part of what was asked for. */
export const withShortfall = (outcome: Outcome<unknown>, short: SignalboxError): Outcome<unknown> => ({
  ...outcome,
  status: "failed",
  error: toJson(short),
  error_code: short.code
})

/** What came of a command, and with which code the program will exit. */
const judge = <A>(
  options: ReportOptions<A>,
  exit: Exit.Exit<A, unknown>,
  measured: Parameters<typeof outcomeOf>[1]
): { readonly outcome: Outcome<unknown>; readonly exitCode: number } => {
  const { json = (value: A): unknown => value } = options
  const outcome = outcomeOf(
    Exit.map(exit, (value) => json(value) ?? null),
    measured
  )
  const short = Exit.isSuccess(exit) ? options.shortfall?.(exit.value) : undefined
  if (short === undefined) return { outcome, exitCode: exitCodeOf(exit) }
  return { outcome: withShortfall(outcome, short), exitCode: short.status.exit }
}

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
        const [duration, exit] = yield* Effect.timed(Effect.exit(restore(timeLimited(work))))
        const measured = { endedAt: yield* DateTime.now, duration, correlationId: yield* CorrelationId }
        const { exitCode, outcome } = judge(options, exit, measured)
        yield* Ref.set(yield* ExitCode, exitCode)
        yield* Effect.logDebug("The command has ended.", {
          status: outcome.status,
          exit_code: exitCode,
          duration_ms: outcome.duration_ms
        })
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) yield* Effect.logError("Internal error", exit.cause)
        yield* output.isJson ? printJson(options, exit, outcome) : printText(options, exit)
        // An interrupted command ends as interrupted: the signal decides the exit code.
        if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
      })
    ).pipe(withCorrelationId())
