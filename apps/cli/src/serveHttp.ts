/**
 * `signalbox serve` at work. Loaded by that command alone: Node's HTTP server brings 40 ms with it.
 */
import { toOutcome } from "@signalbox/errors"
import { type ConfigSource, Host } from "@signalbox/host"
import { MessagesServer } from "@signalbox/server"
import { Effect } from "effect"
import { describeModel } from "./chat/banner.ts"
import { watchConfig } from "./chat/watchConfig.ts"
import { watchServers } from "./chat/watchServers.ts"
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

/** Serves until it is interrupted. */
export const serveHttp = (flags: ConfigSource["flags"]) =>
  Effect.suspend(() => {
    let isListening = false
    const listening = Effect.gen(function* () {
      const { url } = yield* MessagesServer
      isListening = true
      yield* announce(url)
      return yield* Effect.never
    })
    return withHost({ startsAll: true, tellsServers: true, flags })(
      Effect.gen(function* () {
        const host = yield* Host
        yield* watchServers(host)
        yield* watchConfig(host)
        // Whoever sees it listen may rely on what the configuration calls indispensable.
        yield* host.orchestrator.requiredReady
        return yield* Effect.provide(listening, MessagesServer.layer(host.config.options.server))
      }).pipe(Effect.scoped)
    ).pipe(report({ render: () => Effect.void, hasAnswered: () => isListening }))
  })
