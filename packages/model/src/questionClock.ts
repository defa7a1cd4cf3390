/**
 * The time that a tool call may take, without the time in which somebody is being asked: a person who fills in a form
 * must not lose the call that wants it.
 */
import { Clock, DateTime, Duration, Effect } from "effect"
import { Interaction } from "./Interaction.ts"

/** The time of one call, which stands still while somebody is being asked. */
export interface QuestionClock {
  /** The same interaction; questions that are asked through it stop the time. */
  readonly interaction: Interaction
  /** Whether anybody can be asked at all. */
  readonly canAsk: boolean
  /** How long somebody has been asked until now: the time of a call that was a person's. */
  readonly asked: Effect.Effect<Duration.Duration>
  /** Ends a call after so much time without an open question, or at the deadline where there is one. */
  readonly within: <E2>(
    limit: Duration.Duration,
    deadline: DateTime.Utc | undefined,
    orElse: () => Effect.Effect<never, E2>
  ) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R>
}

/** Milliseconds between two looks while somebody is being asked. */
const leastWait = 1000

/** A clock for one call, over the interaction that the call gets. Use it wherever the time of a call is limited or counted. */
export const makeQuestionClock = (interaction: Interaction): QuestionClock => {
  const { decline } = Interaction
  let open = 0
  let stoppedAt = 0
  let stopped = 0

  const asking = <A, E>(question: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.acquireUseRelease(
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (open === 0) stoppedAt = now
        open += 1
      }),
      () => question,
      () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          open -= 1
          if (open === 0) stopped += now - stoppedAt
        })
    )
  /** Milliseconds in which somebody was asked, until now. */
  const asked = (now: number): number => (open === 0 ? stopped : stopped + now - stoppedAt)

  const elapsed = (limit: Duration.Duration): Effect.Effect<void> =>
    Effect.gen(function* () {
      const began = yield* Clock.currentTimeMillis
      const before = asked(began)
      let left = Duration.toMillis(limit)
      while (left > 0) {
        yield* Effect.sleep(open === 0 ? left : Math.max(left, leastWait))
        const now = yield* Clock.currentTimeMillis
        // While a question is open this is what was left when it began.
        left = Duration.toMillis(limit) - (now - began - (asked(now) - before))
      }
    })

  // What declines at once is left as it is: servers are told that there is nobody.
  const { approve, elicit, sample } = interaction
  const canAsk = approve !== decline.approve || elicit !== decline.elicit || sample !== decline.sample
  return {
    interaction: {
      ...interaction,
      approve: approve === decline.approve ? approve : (request) => asking(approve(request)),
      elicit: elicit === decline.elicit ? elicit : (request, asker) => asking(elicit(request, asker)),
      sample: sample === decline.sample ? sample : (request, asker) => asking(sample(request, asker))
    },
    canAsk,
    asked: Effect.map(Clock.currentTimeMillis, (now) => Duration.millis(asked(now))),
    within: (limit, deadline, orElse) => (call) => {
      // One timer where nobody can be asked.
      if (!canAsk) return Effect.timeoutOrElse(call, { duration: limit, orElse })
      const late =
        deadline === undefined
          ? elapsed(limit)
          : Effect.flatMap(DateTime.now, (now) =>
              Effect.raceFirst(elapsed(limit), Effect.sleep(DateTime.distance(now, deadline)))
            )
      return Effect.raceFirst(call, Effect.flatMap(late, orElse))
    }
  }
}
