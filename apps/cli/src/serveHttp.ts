/**
 * `signalbox serve` at work. Loaded by that command alone: Node's HTTP server brings 40 ms with it.
 */
import { toOutcome } from "@signalbox/errors"
import { type ConfigSource, Host } from "@signalbox/host"
import { SignalboxServer } from "@signalbox/server"
import type { ClaimedPlace } from "@signalbox/server/control"
import { Effect } from "effect"
import { describeModel } from "./chat/banner.ts"
import { watchConfig } from "./chat/watchConfig.ts"
import { watchServers } from "./chat/watchServers.ts"
import { claimForRun, serveControl } from "./control/serveControl.ts"
import { Output, renderOutcome } from "./Output.ts"
import { report } from "./report.ts"
import { withHost } from "./withHost.ts"

/** Says where it listens: the one line on stdout, so that scripts can read the address. */
const announce = Effect.fnUntraced(function* (url: string) {
  const { model } = yield* Host
  const output = yield* Output
  if (output.isJson) {
    const outcome = yield* toOutcome(Effect.succeed({ url, provider: model.service.provider }))
    return yield* output.line(renderOutcome({ ...outcome, status: "pending" }))
  }
  yield* output.line(`Listening on ${url}`)
  yield* output.status(describeModel(model, output.errorStyle))
  yield* output.status(
    output.errorStyle.dim(`ANTHROPIC_BASE_URL=${url} points an Anthropic client here. Ctrl-C stops.`)
  )
})

/** What one run of the command is told. */
export interface ServeRun {
  readonly flags: ConfigSource["flags"]
  /** Whether other processes may ask it; only one process of a configuration can be asked. */
  readonly isControlled: boolean
}

/** Serves until it is interrupted, or asked to end. */
export const serveHttp = ({ flags, isControlled }: ServeRun) =>
  Effect.suspend(() => {
    let isListening = false
    const listening = Effect.fnUntraced(function* (place: ClaimedPlace | undefined) {
      const { url } = yield* SignalboxServer
      isListening = true
      yield* place === undefined ? Effect.void : place.tell({ url })
      yield* announce(url)
      return yield* Effect.never
    })
    const serving = Effect.fnUntraced(function* (place: ClaimedPlace | undefined) {
      const host = yield* Host
      const shutdownAsked = place === undefined ? Effect.never : yield* serveControl(place)
      yield* watchServers(host)
      yield* watchConfig(host)
      const work = Effect.gen(function* () {
        // Whoever sees it listen may rely on what the configuration calls indispensable.
        yield* host.orchestrator.requiredReady
        return yield* Effect.provide(listening(place), SignalboxServer.layer(host.config.options.server))
      })
      yield* Effect.raceFirst(work, shutdownAsked)
    }, Effect.scoped)
    return Effect.gen(function* () {
      const place = isControlled ? yield* claimForRun("serve", null) : undefined
      yield* withHost({ startsAll: true, tellsServers: true, flags })(serving(place))
    }).pipe(Effect.scoped, report({ render: () => Effect.void, hasAnswered: () => isListening }))
  })
