import type { SharedStorage } from "@signalbox/resilience"
import { Clock, Duration, Effect } from "effect"

/** A storage like Redis in memory: other fibers run between any two operations, and it can be taken away. */
export const makeStorage = () => {
  const texts = new Map<string, { readonly text: string; readonly until: number }>()
  const log = { mode: "up" as "up" | "failing" | "hanging", asked: 0, conflicts: 0 }
  const operation = <A>(run: (now: number) => A): Effect.Effect<A, string> =>
    Effect.suspend(() => {
      log.asked++
      if (log.mode === "failing") return Effect.fail("connection refused")
      if (log.mode === "hanging") return Effect.never
      return Effect.yieldNow.pipe(Effect.andThen(Clock.currentTimeMillis), Effect.map(run), Effect.tap(Effect.yieldNow))
    })
  const find = (key: string, now: number) => {
    const found = texts.get(key)
    return found !== undefined && now < found.until ? found.text : undefined
  }
  const storage: SharedStorage = {
    get: (key) => operation((now) => find(key, now)),
    compareAndSet: (key, expected, next, timeToLive) =>
      operation((now) => {
        if (find(key, now) !== expected) return (log.conflicts++, false)
        texts.set(key, { text: next, until: timeToLive === undefined ? Infinity : now + Duration.toMillis(timeToLive) })
        return true
      }),
    remove: (key) => operation(() => texts.delete(key))
  }
  return { log, storage, texts }
}
