/**
 * `signalbox conformance`: the cases against a server that is there, or one of our own for as long as it takes.
 */
import { SignalboxServer } from "@signalbox/server"
import { type Api, type CaseResult, runConformance } from "@signalbox/server/conformance"
import { Host } from "@signalbox/host"
import { Effect, Layer, type Redacted } from "effect"
import { ConformanceFailed } from "../errors.ts"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { withHost } from "../withHost.ts"

/** What the command is told. */
export interface ConformanceChoice {
  readonly url: string | undefined
  readonly api: Api | undefined
  readonly model: string
  readonly apiKey: Redacted.Redacted | undefined
}

const all: ReadonlyArray<Api> = ["messages", "chat", "responses"]

/** Politely few requests at the same time: the server may not be ours. */
const concurrency = 4

const ask = ({ api, apiKey, model }: ConformanceChoice, url: string) =>
  runConformance({
    url: url.replace(/\/+$/, ""),
    model,
    apiKey,
    apis: api === undefined ? all : [api],
    concurrency
  })

/** Only the model APIs are looked at: no server of the configuration is started for it, and no tool offered. */
const ownFlags = [
  { path: ["server", "port"], value: 0, flag: "conformance" },
  { path: ["server", "host"], value: "127.0.0.1", flag: "conformance" },
  { path: ["server", "auth"], value: { mode: "none", keys: [] }, flag: "conformance" },
  { path: ["server", "tools"], value: "none", flag: "conformance" },
  // What the cases lead to is told by their result.
  { path: ["logging", "level"], value: "error", flag: "conformance" }
]

const askOwn = (choice: ConformanceChoice) =>
  withHost({ startsAll: false, needsNoModel: true, whenMissing: "preset", flags: ownFlags })(
    Effect.gen(function* () {
      const { config } = yield* Host
      const server = yield* Layer.build(SignalboxServer.layer(config.options.server))
      const { url } = yield* Effect.provideContext(SignalboxServer, server)
      return yield* ask(choice, url)
    }).pipe(Effect.scoped)
  )

const countOf = (results: ReadonlyArray<CaseResult>) => ({
  total: results.length,
  passed: results.filter(({ issue }) => issue === undefined).length
})

/** Asks, and prints what is wrong and how many cases were answered as they have to be. */
export const checkServer = (choice: ConformanceChoice) =>
  Effect.map(choice.url === undefined ? askOwn(choice) : ask(choice, choice.url), (results) => ({
    ...countOf(results),
    wrong: results.flatMap(({ api, issue, name }) => (issue === undefined ? [] : [{ api, case: name, issue }]))
  })).pipe(
    report({
      render: ({ passed, total, wrong }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          for (const { api, case: name, issue } of wrong)
            yield* line(`${style.red("✗")} ${style.bold(api)} ${name}: ${issue}`)
          yield* line(`${passed === total ? style.green("✓") : style.red("✗")} ${passed}/${total}`)
        }),
      shortfall: ({ passed, total }) =>
        passed === total ? undefined : new ConformanceFailed({ failed: total - passed, total })
    })
  )
