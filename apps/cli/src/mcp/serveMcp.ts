/**
 * `signalbox mcp serve`: standard output is the client's alone.
 */
import { Host } from "@signalbox/host"
import { serveOverStdio } from "@signalbox/mcp/serve"
import { Effect } from "effect"
import { report } from "../report.ts"
import { readConfig, withHost } from "../withHost.ts"
import { servedTools, type Serving } from "./servedTools.ts"

/** Serves until the client leaves. A model is looked for where Task may ask one. */
export const serveMcp = (serving: Serving) =>
  Effect.gen(function* () {
    const { options } = yield* readConfig([], "preset")
    const needsNoModel = !options.tools.enabled.includes("Task")
    const serve = Effect.flatMap(Host, (host) => serveOverStdio(servedTools(host, serving)))
    yield* withHost({ startsAll: serving.all, whenMissing: "preset", needsNoModel })(serve)
  }).pipe(report({ render: () => Effect.void, hasAnswered: () => true }))
