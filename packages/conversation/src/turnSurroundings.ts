/**
 * What was around a turn before it got a clock and random numbers of its own, to be recorded or as they were recorded.
 */
import { Clock, Context, Effect, Random } from "effect"

/** The clock and the random numbers outside; nothing where the turn has none of its own. */
export const TurnSurroundings = Context.Reference<
  { readonly clock: Clock.Clock; readonly random: Random.Random } | undefined
>("@signalbox/conversation/TurnSurroundings", { defaultValue: () => undefined })

/** Those of the program that runs this, however deep within such turns. */
export const surroundings = Effect.gen(function* () {
  return (yield* TurnSurroundings) ?? { clock: yield* Clock.Clock, random: yield* Random.Random }
})

/**
 * Runs what a turn needs and is no part of it, such as keeping it: a replay of the turn has nothing of the kind, and what was
 * read from its clock then would be missing from it.
 */
export const outsideTurn = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(TurnSurroundings, (around) =>
    around === undefined
      ? effect
      : effect.pipe(
          Effect.provideService(Clock.Clock, around.clock),
          Effect.provideService(Random.Random, around.random)
        )
  )

/** What runs an effect with the clock and the random numbers of here, wherever it is used: within a turn, those of the turn. */
export const asHere = Effect.map(
  Effect.all([Clock.Clock, Random.Random]),
  ([clock, random]) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      effect.pipe(Effect.provideService(Clock.Clock, clock), Effect.provideService(Random.Random, random))
)
