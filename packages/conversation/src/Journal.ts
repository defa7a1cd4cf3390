/**
 * The seam behind which a turn becomes durable: every model call and tool call of a turn is a step of it.
 * A step is run at most once for each id. What was recorded is given back; what was begun, was not safe to
 * repeat and never finished is not run again: the journal says `OutcomeUnknown`.
 */
import { Context, Effect, Exit, Layer, Option, type Schema } from "effect"
import { type JournalError, OutcomeUnknown } from "./errors.ts"

/** Whether a step that was cut short may be run again. */
export type StepSafety = "safe" | "unsafe"

/** What a journal has to know of a step: its id, how its value is written down, and whether it may run again. */
export interface JournalStep<A, Encoded> {
  /** Deterministic: the same step of the same turn has the same id whenever the turn is run. */
  readonly id: string
  /** How the step's value is written down. */
  readonly output: Schema.Codec<A, Encoded>
  readonly safety: StepSafety
  /** What it is about, such as the id of a call: a record about something else is not taken for this step's. */
  readonly subject?: string
  /** The tool that it calls, for people and models: they know no ids of steps. */
  readonly toolName?: string
}

/** Says that a step was begun, and that nobody knows what became of it. */
export const outcomeUnknown = ({ id, toolName }: { readonly id: string; readonly toolName?: string }): OutcomeUnknown =>
  new OutcomeUnknown({ stepId: id, ...(toolName === undefined ? {} : { toolName }) })

/** What a journal in memory knows of a step. */
export interface JournalRecord {
  readonly id: string
  readonly safety: StepSafety
  /** `begun` is a step that runs, or that was cut short. */
  readonly state: "begun" | "done"
}

/**
 * Remembers what the steps of a turn gave, so that a turn that is run again does not do them twice. `Journal.none`
 * remembers nothing.
 */
export class Journal extends Context.Service<
  Journal,
  {
    /**
     * Answers with the recorded value, or runs the effect and records its value. A failure of the effect is
     * handed on and not recorded: the step can be run again.
     */
    readonly step: <A, Encoded, E, R>(
      step: JournalStep<A, Encoded>,
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | JournalError, R>
    /**
     * What an earlier run of a step gave, without beginning it: nothing where there was none, or where it may be run
     * again. For what has to be settled before a step begins, such as a question.
     */
    readonly recorded: <A, Encoded>(step: JournalStep<A, Encoded>) => Effect.Effect<Option.Option<A>, JournalError>
  }
>()("@signalbox/conversation/Journal") {
  /** Runs every step and keeps nothing: for callers that never play a turn again. */
  static readonly none: Journal["Service"] = { step: (_step, effect) => effect, recorded: () => Effect.succeedNone }

  /** A journal that lives as long as whoever holds it. Each run of this effect makes an empty one. */
  static readonly memory: Effect.Effect<
    Journal["Service"] & { readonly records: Effect.Effect<ReadonlyArray<JournalRecord>> }
  > = Effect.sync(() => makeMemory())

  /** A journal in memory for everything built on this layer. */
  static readonly layerMemory: Layer.Layer<Journal> = Layer.effect(Journal, Journal.memory)
}

interface Entry extends JournalRecord {
  readonly value?: unknown
}

const makeMemory = () => {
  const entries = new Map<string, Entry>()
  const recorded: Journal["Service"]["recorded"] = <A, Encoded>(step: JournalStep<A, Encoded>) =>
    Effect.suspend((): Effect.Effect<Option.Option<A>, JournalError> => {
      const known = entries.get(step.id)
      // The id names one step of one turn, so what is kept under it has that step's type.
      if (known?.state === "done") return Effect.succeedSome(known.value as A)
      return known?.safety === "unsafe" ? Effect.fail(outcomeUnknown(step)) : Effect.succeedNone
    })
  const run = <A, Encoded, E, R>({ id, safety }: JournalStep<A, Encoded>, effect: Effect.Effect<A, E, R>) =>
    Effect.suspend((): Effect.Effect<A, E, R> => {
      entries.set(id, { id, safety, state: "begun" })
      return Effect.onExit(effect, (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) entries.set(id, { id, safety, state: "done", value: exit.value })
          else if (!Exit.hasInterrupts(exit)) entries.delete(id)
        })
      )
    })
  const step: Journal["Service"]["step"] = (asked, effect) =>
    Effect.flatMap(recorded(asked), (value) =>
      Option.isSome(value) ? Effect.succeed(value.value) : run(asked, effect)
    )
  const records = Effect.sync(() => Array.from(entries.values(), ({ id, safety, state }) => ({ id, safety, state })))
  return { step, recorded, records }
}
