/**
 * The tool calls that are under way on one connection. On the hot path, so plain sets and no Effect.
 */
import { Deferred, Effect } from "effect"
import type { IdleTimer } from "./IdleTimer.ts"
import type { ToolCall } from "./McpClient.ts"

/** The calls, each an object of its own. */
export interface RunningCalls {
  readonly add: (call: ToolCall) => void
  readonly remove: (call: ToolCall) => void
  /** Runs when this one is over, after what was given before. */
  readonly onEnd: (call: ToolCall, then: () => void) => void
  /** Whether this one shows signs of life, where it has to. */
  readonly idle: (call: ToolCall) => IdleTimer | undefined
  readonly setIdle: (call: ToolCall, timer: IdleTimer | undefined) => void
  /** Oldest first. */
  readonly all: () => Iterable<ToolCall>
  /** Waits until this one is over. */
  readonly ended: (call: ToolCall) => Effect.Effect<void>
  /** Waits until there is none. */
  readonly drained: Effect.Effect<void>
}

interface Running {
  idle?: IdleTimer | undefined
  onEnd?: () => void
}

/** No calls yet. */
export const makeRunningCalls = (): RunningCalls => {
  const running = new Map<ToolCall, Running>()
  const awaited = new Map<ToolCall, Deferred.Deferred<void>>()
  let draining: Deferred.Deferred<void> | undefined
  return {
    add: (call) => void running.set(call, {}),
    remove: (call) => {
      const { idle, onEnd } = running.get(call) ?? {}
      idle?.stop()
      onEnd?.()
      running.delete(call)
      if (awaited.size > 0) {
        const waiting = awaited.get(call)
        awaited.delete(call)
        if (waiting !== undefined) Deferred.doneUnsafe(waiting, Effect.void)
      }
      if (running.size > 0 || draining === undefined) return
      Deferred.doneUnsafe(draining, Effect.void)
      draining = undefined
    },
    onEnd: (call, then) => {
      const entry = running.get(call)
      if (entry === undefined) return then()
      const { onEnd } = entry
      entry.onEnd =
        onEnd === undefined
          ? then
          : () => {
              onEnd()
              then()
            }
    },
    idle: (call) => running.get(call)?.idle,
    setIdle: (call, timer) => {
      const entry = running.get(call)
      if (entry === undefined) return timer?.stop()
      entry.idle?.stop()
      entry.idle = timer
    },
    all: () => running.keys(),
    ended: (call) =>
      Effect.suspend(() => {
        if (!running.has(call)) return Effect.void
        const waiting = awaited.get(call) ?? Deferred.makeUnsafe<void>()
        awaited.set(call, waiting)
        return Deferred.await(waiting)
      }),
    drained: Effect.suspend(() => {
      if (running.size === 0) return Effect.void
      draining ??= Deferred.makeUnsafe()
      return Deferred.await(draining)
    })
  }
}
