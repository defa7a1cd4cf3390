/**
 * What a stream is given of a context. Effect makes the context of each piece anew, which for streams of many small
 * pieces costs more than all else that is done to them.
 */
import { Channel, type Context, Effect, Stream } from "effect"

/** Changes references of a context, such as `Context.add(Principal, "ci")`. */
export type ContextChange = <R>(context: Context.Context<R>) => Context.Context<R>

/**
 * Changes the context of a stream, as `Effect.updateContext` does that of an effect: made once for whoever reads it, as
 * long as his own stays the same. Use it in place of `Stream.provideService` and `Stream.provideContext` around what
 * comes piece by piece.
 */
export const updateStreamContext =
  (change: ContextChange) =>
  <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> => {
    const transform = Channel.toTransform(Stream.toChannel(stream))
    return Stream.fromChannel(
      Channel.fromTransform((upstream, scope) => {
        const update = makeUpdate<R>(change)
        return Effect.map(update(transform(upstream, scope)), update)
      })
    )
  }

const makeUpdate = <R>(change: ContextChange) => {
  let from: Context.Context<R> | undefined
  let to: Context.Context<R> | undefined
  const once = (context: Context.Context<R>): Context.Context<R> => {
    if (to === undefined || from !== context) {
      from = context
      to = change(context)
    }
    return to
  }
  return <A, E>(effect: Effect.Effect<A, E, R>) => Effect.updateContext(effect, once)
}
