import { toOutcome } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { MessagesServer } from "@signalbox/server"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { describeModel } from "../chat/banner.ts"
import { watchConfig } from "../chat/watchConfig.ts"
import { watchServers } from "../chat/watchServers.ts"
import { modelFlags } from "../flags.ts"
import { checkConfig } from "../checkConfig.ts"
import { Output, renderOutcome } from "../Output.ts"
import { report } from "../report.ts"
import { choiceFlags, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

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

export const serve = Command.make(
  "serve",
  {
    port: Flag.Int("port").pipe(Flag.withDescription("Where to listen; 0 lets the system choose"), Flag.optional),
    check: Flag.Boolean("check").pipe(Flag.withDescription("Only check the configuration"), Flag.withDefault(false)),
    host: Flag.String("host").pipe(Flag.withDescription("The address to listen on, a loopback one"), Flag.optional),
    ...modelFlags
  },
  ({ check, host: address, port, ...choice }) => {
    const flags = [
      ...choiceFlags(choice),
      ...Option.toArray(port).map((value) => ({ path: ["server", "port"], value, flag: "--port" })),
      ...Option.toArray(address).map((value) => ({ path: ["server", "host"], value, flag: "--host" }))
    ]
    if (check) return withSetting(checkConfig(flags))
    let isListening = false
    const listening = Effect.gen(function* () {
      const { url } = yield* MessagesServer
      isListening = true
      yield* announce(url)
      return yield* Effect.never
    })
    return withSetting(
      withHost({ startsAll: true, tellsServers: true, flags })(
        Effect.gen(function* () {
          const host = yield* Host
          yield* watchServers(host)
          yield* watchConfig(host)
          // Whoever sees it listen may rely on what the configuration calls indispensable.
          yield* host.orchestrator.requiredReady
          return yield* Effect.provide(listening, MessagesServer.layer(host.config.options.server))
        }).pipe(Effect.scoped)
      ).pipe(report({ render: () => Effect.void, hasAnswered: () => isListening }))
    )
  }
).pipe(
  Command.withDescription("Answer the Anthropic Messages API and run MCP tools for its clients"),
  Command.withExamples([
    { command: "signalbox serve --port 4000", description: "Then point an Anthropic SDK at http://127.0.0.1:4000" }
  ])
)
