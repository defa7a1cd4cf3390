/**
 * `servers stop` at work. A host that runs servers and nothing else ends with the last of them; one that serves model
 * clients as well goes on.
 */
import { type ControlConnection, findHost, type ServerOutcomes } from "@signalbox/server/control"
import { Effect, FileSystem } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { hostChoices } from "./choices.ts"
import { doneJson, outcomesShortfall, renderOutcomes } from "./outcomes.ts"
import { placeOfRun, running } from "./runningHost.ts"
import type { Selection } from "./selectionFlags.ts"
import { selectServers } from "./selectServers.ts"

/** How often it is looked whether the process is gone. */
const pause = "25 millis"

/** Asks the host to end, and waits until it and its files are gone. */
export const endHost = Effect.fnUntraced(function* ({ ask }: ControlConnection) {
  const place = yield* placeOfRun
  const fs = yield* FileSystem.FileSystem
  yield* ask((client) => client.host.shutdown())
  for (let looks = 1; yield* Effect.orDie(fs.exists(place.recordFile)); looks += 1) {
    yield* Effect.sleep(pause)
    // One that is killed meanwhile leaves its record behind.
    if (looks % 20 === 0 && (yield* findHost(place)) === undefined) return
  }
})

/** Whether nothing is left that the host is for. */
const isIdle = Effect.fnUntraced(function* ({ ask, record }: ControlConnection) {
  if (record.kind !== "servers") return false
  const servers = yield* ask((client) => client.servers.list())
  return servers.every(({ state }) => state === "stopped")
})

/** Stops servers, and their host where it has no more to do. */
export const stopServers = (selection: Selection, isForced: boolean) =>
  Effect.gen(function* () {
    const connection = yield* running
    // A host that has no servers any more ends with this, too.
    const named = selection.all
      ? {}
      : { server_names: yield* selectServers("stop", selection, yield* hostChoices(connection)) }
    const payload = { ...named, force: isForced }
    const outcomes: ServerOutcomes = yield* connection.ask((client) => client.servers.stopMany({ payload }))
    const ended = yield* isIdle(connection)
    if (ended) yield* endHost(connection)
    const servesOn = selection.all && connection.record.kind === "serve"
    return { host: connection.record, outcomes, ended, servesOn }
  }).pipe(
    Effect.scoped,
    report({
      render: ({ ended, host, outcomes, servesOn }) =>
        Effect.gen(function* () {
          const { errorStyle, status } = yield* Output
          yield* renderOutcomes(outcomes)
          if (ended) yield* status(errorStyle.dim(`No server is left; process ${host.pid} has ended.`))
          if (servesOn) {
            const goesOn = `signalbox serve goes on without servers (process ${host.pid}). End it: kill ${host.pid}`
            yield* status(errorStyle.dim(goesOn))
          }
        }),
      json: ({ ended, host, outcomes }) => ({ ...doneJson({ host, outcomes }), host_ended: ended }),
      shortfall: ({ outcomes }) => outcomesShortfall("stop", outcomes)
    })
  )
