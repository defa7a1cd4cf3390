/**
 * A journal in the records of a conversation. A step that may not run twice is written down before it runs and when it has;
 * one that may is written down when it has. What is neither is not run a second time by anybody.
 */
import { type DateTime, Effect, Exit, Schema } from "effect"
import { JournalUnwritable, type JournalError } from "../errors.ts"
import { type Journal, type JournalStep, outcomeUnknown } from "../Journal.ts"
import type { MetaEvent, NewEvent } from "./ChatEvent.ts"
import type { StoreError } from "./errors.ts"
import { noteText } from "./EventLog.ts"

/** The kinds of a journal's records. */
export const stepKinds = { begun: "step_begun", done: "step_done", failed: "step_failed" } as const

/** What is known of one step. */
export interface KnownStep {
  readonly state: "begun" | "done"
  readonly subject: string | undefined
  readonly value?: unknown
  /** When it was written down that it begins, which is so for steps that may not run twice, and that it was done. */
  readonly begunAt?: DateTime.Utc
  readonly doneAt?: DateTime.Utc
}

/** What records say of the steps of a turn, by their ids. */
export const knownSteps = (notes: ReadonlyArray<typeof MetaEvent.Type>): Map<string, KnownStep> => {
  const steps = new Map<string, KnownStep>()
  for (const note of notes) {
    const id = noteText(note, "step_id")
    if (id === undefined) continue
    const subject = noteText(note, "subject")
    if (note.kind === stepKinds.begun) steps.set(id, { state: "begun", subject, begunAt: note.timestamp })
    if (note.kind === stepKinds.done) {
      const value = note.data["value"]
      steps.set(id, { ...steps.get(id), state: "done", subject, value, doneAt: note.timestamp })
    }
    if (note.kind === stepKinds.failed) steps.delete(id)
  }
  return steps
}

export interface EventJournalOptions {
  readonly requestId: string
  /** What earlier runs of the turn have written. */
  readonly notes: ReadonlyArray<typeof MetaEvent.Type>
  /** What tells the records of this run apart from those of earlier ones. */
  readonly nextIndex: () => number
  readonly add: (event: NewEvent) => Effect.Effect<unknown, StoreError>
}

const unwritable = (stepId: string, hasRun: boolean) => (error: StoreError) =>
  new JournalUnwritable({ stepId, hasRun, reason: error.message, cause: error })

/** What an earlier run of the step gave. */
const recall = <A, Encoded>(asked: JournalStep<A, Encoded>, step: KnownStep) => {
  const { output, safety, subject } = asked
  const unknown = safety === "unsafe" ? Effect.fail(outcomeUnknown(asked)) : Effect.succeedNone
  if (step.state === "begun" || step.subject !== subject) return unknown
  return Schema.decodeUnknownEffect(output)(step.value).pipe(
    Effect.asSome,
    // Another version wrote it: what happened is known to nobody here.
    Effect.catch(() => unknown)
  )
}

/** The journal of one turn. */
export const makeEventJournal = ({ add, nextIndex, notes, requestId }: EventJournalOptions): Journal["Service"] => {
  const known = knownSteps(notes)

  const write = (stepId: string, kind: string, subject: string | undefined, data: object = {}) =>
    Effect.suspend(() =>
      add({
        type: "meta",
        role: "system",
        kind,
        data: { step_id: stepId, ...(subject === undefined ? {} : { subject }), ...data },
        request_id: requestId,
        index: nextIndex()
      })
    )

  const run = <A, Encoded, E, R>(
    { id, output, safety, subject }: JournalStep<A, Encoded>,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | JournalError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        known.set(id, { state: "begun", subject })
        if (safety === "unsafe") {
          yield* Effect.mapError(write(id, stepKinds.begun, subject), unwritable(id, false)).pipe(
            Effect.onError(() => Effect.sync(() => known.delete(id)))
          )
        }
        const exit = yield* Effect.exit(restore(effect))
        if (Exit.isSuccess(exit)) {
          // The value is of the schema's type.
          const value = yield* Effect.orDie(Schema.encodeEffect(output)(exit.value))
          yield* Effect.mapError(write(id, stepKinds.done, subject, { value }), unwritable(id, true))
          known.set(id, { state: "done", subject, value })
        } else if (!Exit.hasInterrupts(exit)) {
          known.delete(id)
          if (safety === "unsafe") yield* Effect.mapError(write(id, stepKinds.failed, subject), unwritable(id, true))
        }
        return yield* exit
      })
    )

  const recorded: Journal["Service"]["recorded"] = (step) =>
    Effect.suspend(() => {
      const before = known.get(step.id)
      return before === undefined ? Effect.succeedNone : recall(step, before)
    })

  return {
    recorded,
    step: (step, effect) =>
      Effect.flatMap(recorded(step), (value) =>
        value._tag === "Some" ? Effect.succeed(value.value) : run(step, effect)
      )
  }
}
