/**
 * The way to a running host. The client behind it is loaded when it is first wanted: looking whether a host runs at all
 * must cost a command nothing.
 */
import { Effect } from "effect"
import type { HostRecord } from "./HostRecord.ts"

/** A client of the host of this record, for as long as the scope is open. Nothing is sent yet. */
export const connectControl = Effect.fnUntraced(function* (record: HostRecord) {
  const { makeConnection } = yield* Effect.promise(() => import("./ControlClient.ts"))
  return yield* makeConnection(record)
})
