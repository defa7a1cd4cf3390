import { CorrelationId } from "@signalbox/errors"
import { ConnectionPool, type ConnectionPoolOptions, type PoolSettings } from "@signalbox/resilience"
import { type Duration, Effect, Scope } from "effect"

export interface Connection {
  readonly id: number
  isAlive: boolean
}

export const settings: PoolSettings = {
  min: 0,
  max: 2,
  maxConcurrent: 1,
  acquireTimeout: "30 seconds",
  idleTimeToLive: "5 minutes"
}

/** A pool over connections that only note how they are opened and closed. */
export const setUp = (
  some: Partial<PoolSettings> = {},
  more: Partial<ConnectionPoolOptions<Connection, string, never>> & {
    readonly opening?: Duration.Input
    readonly closing?: Duration.Input
    /** What happens before each connection is opened. */
    readonly before?: Effect.Effect<void, string>
  } = {}
) =>
  Effect.gen(function* () {
    const log = { opened: 0, open: 0, most: 0, ids: [] as Array<string | undefined> }
    const scope = yield* Scope.make()
    const acquire = () => Effect.andThen(more.before ?? Effect.void, connect)
    const connect = Effect.acquireRelease(
      Effect.gen(function* () {
        log.most = Math.max(log.most, ++log.open)
        log.ids.push(yield* CorrelationId)
        yield* Effect.sleep(more.opening ?? 0)
        return { id: ++log.opened, isAlive: true }
      }),
      () =>
        Effect.andThen(
          Effect.sleep(more.closing ?? 0),
          Effect.sync(() => log.open--)
        )
    )
    const pool = yield* Scope.provide(
      ConnectionPool.make<Connection, string, never>({
        acquire,
        settings: () => ({ ...settings, ...some }),
        invalidates: (error) => error === "broken",
        ...more
      }),
      scope
    )
    yield* pool.register("fx")
    const hold = (duration: Duration.Input) => pool.withConnection("fx", () => Effect.sleep(duration))
    return { hold, log, pool, scope }
  })

export const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
