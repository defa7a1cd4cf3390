/**
 * `signalbox mcp serve` over standard input and output, which are the client's alone, or over HTTP.
 */
import { Host } from "@signalbox/host"
import { serveOverStdio } from "@signalbox/mcp/serve"
import { Effect, Queue, Stream } from "effect"
import { watchConfig } from "../chat/watchConfig.ts"
import { InvalidUsage } from "../errors.ts"
import { report } from "../report.ts"
import { readConfig, withHost } from "../withHost.ts"
import type { Listening } from "./listenMcp.ts"
import { servedTools, type Serving } from "./servedTools.ts"

/** The tools of the host, which follow its configuration file. */
const followed = Effect.fnUntraced(function* (serving: Serving) {
  const host = yield* Host
  const reloads = yield* Queue.sliding<void>(1)
  yield* watchConfig(host, Queue.offer(reloads, undefined))
  return servedTools(host, serving, Stream.fromQueue(reloads))
})

/** The code for listening is loaded when it is needed. */
const overHttp = Effect.promise(() => import("./listenMcp.ts"))

/**
 * Serves until the client leaves, over HTTP until it is interrupted. A model is looked for where Task may ask one. `idle` are
 * the flags that would say nothing.
 */
export const serveMcp = (serving: Serving, listening: Listening | undefined, idle: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    if (idle.length > 0)
      return yield* new InvalidUsage({
        command: "signalbox mcp serve",
        reason: `Over standard input and output nothing listens: add --http, or leave out ${idle.join(" and ")}.`
      })
    const { options } = yield* readConfig([], "preset")
    const needsNoModel = !options.tools.enabled.includes("Task")
    const serve = Effect.gen(function* () {
      if (listening === undefined) {
        const { stdin: input, stdout: output } = process
        return yield* serveOverStdio(yield* followed(serving), {
          input,
          output,
          grace: options.runtime.shutdownTimeout
        })
      }
      const { checkListening, listenMcp } = yield* overHttp
      // Before anything starts.
      yield* checkListening(listening)
      return yield* listenMcp(yield* followed(serving), listening)
    }).pipe(Effect.scoped)
    yield* withHost({ startsAll: serving.all, whenMissing: "preset", needsNoModel })(serve)
  }).pipe(report({ render: () => Effect.void, hasAnswered: () => true }))
