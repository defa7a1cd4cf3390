/**
 * What the routes know of the process that serves them, beside the `Host` that it runs.
 */
import { Context, type Effect } from "effect"
import type { HostRecord } from "./HostRecord.ts"

/** The process behind the control API. */
export class ControlHost extends Context.Service<
  ControlHost,
  {
    readonly record: () => HostRecord
    /** Asks the process to end in order. It answers before it does. */
    readonly shutdown: Effect.Effect<void>
    /** Completes when the API is about to close; long streams end with it. */
    readonly closing: Effect.Effect<void>
  }
>()("@signalbox/server/ControlHost") {}
