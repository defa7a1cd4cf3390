/**
 * From a command to the host that runs its configuration, if there is one. Whether the configuration is right does not
 * matter here: a host that runs can be asked, and ended, whatever its file says by now.
 */
import { findConfig } from "@signalbox/host"
import { connectControl, controlPlace, findHost, HostNotAnswering, NoRunningHost } from "@signalbox/server/control"
import { Effect, Schedule } from "effect"
import { Output } from "../Output.ts"
import { configSource } from "../withHost.ts"

/** Where the host of the configuration of this run is found. `undefined` where the preset runs without a file. */
export const placeOfRun = Effect.gen(function* () {
  const { file } = yield* findConfig(yield* configSource())
  return yield* controlPlace(file ?? "", process.env)
})

/** A host that has just begun answers in a moment. */
const untilReady = { schedule: Schedule.spaced("25 millis"), times: 400 }

/** The record of the host, once it answers. */
const readyRecord = Effect.gen(function* () {
  const record = yield* findHost(yield* placeOfRun)
  if (record === undefined || record.ready) return record
  const { pid, socket } = record
  return yield* new HostNotAnswering({ pid, socket, reason: "it is not ready yet" })
}).pipe(Effect.retry({ ...untilReady, while: ({ _tag }) => _tag === "HostNotAnswering" }))

/** A connection to the running host; nothing where there is none. */
export const findRunning = Effect.gen(function* () {
  const record = yield* readyRecord
  return record === undefined ? undefined : yield* connectControl(record)
})

/** A connection to the running host. Fails with what to do when there is none. */
export const running = Effect.gen(function* () {
  const found = yield* findRunning
  if (found !== undefined) return found
  const { configFile } = yield* placeOfRun
  return yield* new NoRunningHost({ configFile })
})

/** Says on stderr whom an answer comes from. */
export const tellHost = Effect.fnUntraced(function* ({ kind, pid }: { readonly kind: string; readonly pid: number }) {
  const { errorStyle, status } = yield* Output
  const what = kind === "serve" ? "signalbox serve" : "signalbox servers start"
  yield* status(errorStyle.dim(`From the running host: ${what}, process ${pid}`))
})

/** Says on stderr that a command that starts servers for itself does so although a host runs. */
export const tellApart = Effect.gen(function* () {
  const record = yield* findHost(yield* placeOfRun)
  if (record === undefined) return
  const { errorStyle, status } = yield* Output
  yield* status(
    errorStyle.dim(`Not through the running host (process ${record.pid}): servers are started for this command alone`)
  )
}).pipe(
  // Only a remark: the command does not need the host.
  Effect.ignore
)
