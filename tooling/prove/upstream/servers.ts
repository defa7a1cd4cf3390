/**
 * The servers that the proof asks, one for each API that an upstream speaks and each temper, started when first needed, and
 * the upstreams behind them.
 */
import { isSignalboxError } from "@signalbox/errors"
import { isJsonObject } from "@signalbox/model"
import { type FxLlm, type Script, type SeenRequest, startFxLlm } from "@signalbox/testing"
import { Cause, Effect, Layer, Logger, References, Scope } from "effect"
import { disposed, startHostServer } from "../hostServer.ts"
import { apis, type Case, forms, nameOf, type Upstream, upstreams } from "./cases.ts"
import { faults, type Temper } from "./faults.ts"

/** How long a hasty server waits for anything. */
const hasty = { requestTimeout: "3 seconds", idleTimeout: "3 seconds" }

/** Nobody listens there. */
const nobody = "http://127.0.0.1:9"

/** How often an upstream is asked that cannot begin to answer. */
export const attempts = 2

/** Who has limited the rate is not asked by anybody for a while: each case has a provider of its own for it. */
type Way = Pick<Case, "api" | "form" | "upstream">
const allWays: ReadonlyArray<Way> = upstreams.flatMap((upstream) =>
  apis.flatMap((api) => forms.map((form) => ({ upstream, api, form })))
)
const providerOf = ({ api, form, upstream }: Way): string => `${upstream.replace(" ", "-")}-${api}-${form}`
const ownModel = (way: Way): string => `any-${providerOf(way)}`

const configuration = (upstream: Speaks, temper: Temper, url: string) => {
  const name = upstream === "claude" ? "claude" : "openai"
  const base = temper === "alone" ? nobody : url
  const provider = {
    kind: name,
    model: "fx-model",
    apiKey: "env:FX_KEY",
    baseUrl: name === "claude" ? base : `${base}/v1`,
    ...(upstream === "responses" ? { api: "responses" } : {}),
    ...(temper === "hasty" ? hasty : {})
  }
  return {
    model: {
      provider: name,
      // What an upstream asks for is longer than this, and is handed on to the caller.
      retry: { attempts, firstDelay: "1 millis", maxDelay: "1 second" },
      // It is never left alone, however often it fails.
      breaker: { enabled: false }
    },
    providers: Object.fromEntries(
      [name, ...(temper === "limited" ? allWays.map(providerOf) : [])].map((of) => [of, provider])
    ),
    routing: {
      rules: temper === "limited" ? allWays.map((way) => ({ name: ownModel(way), provider: providerOf(way) })) : []
    },
    servers: {}
  }
}

const script: Script = faults.map(({ name, reply }) => ({ when: { lastUserTextContains: `<${name}>` }, reply }))

/** What a server logged: codes by the id of the request, and what was broken inside of it. */
export interface Logged {
  readonly codes: ReadonlyMap<string, string>
  readonly defects: ReadonlyArray<string>
}

const watchLog = () => {
  const codes = new Map<string, string>()
  const defects: Array<string> = []
  const logger = Logger.make(({ cause, fiber, logLevel, message }) => {
    const requestId = fiber.getRef(References.CurrentLogAnnotations)["request_id"]
    const said = [...(Array.isArray(message) ? message : [message]), Cause.squash(cause)]
    const code = said.find(isSignalboxError)?.code ?? said.filter(isJsonObject).map((fields) => fields["error_code"])[0]
    if (logLevel === "Error" || logLevel === "Fatal") defects.push(`${String(message)} ${Cause.pretty(cause)}`)
    if (typeof code === "string" && typeof requestId === "string") codes.set(requestId, code)
  })
  const around = Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Debug"))
  return { logged: { codes, defects } satisfies Logged, around }
}

/** A server and its upstream. */
export interface Pair {
  readonly url: string
  readonly logged: Logged
  readonly fxLlm: FxLlm
}

type Speaks = Exclude<Upstream, "handed on">

/** Bytes are handed on to an upstream that speaks what the API speaks. */
const speaks = ({ upstream }: Case): Speaks => (upstream === "handed on" ? "claude" : upstream)

/** The model that a case asks for: under another name than the upstream's an answer is read. */
export const modelOf = (one: Case): string => {
  const isOwn = one.fault.temper === "limited"
  const model = isOwn ? ownModel(one) : "claude-any"
  return one.upstream === "claude" ? `${isOwn ? providerOf(one) : "claude"}/${model}` : model
}

/** Names a pair. */
const keyOf = (one: Case): string => `${speaks(one)}, ${one.fault.temper}`

/** Upstreams live as long as the scope that is given, their servers as long as that of the effect. */
export const startPairs = Effect.fnUntraced(function* (cases: ReadonlyArray<Case>, upstreamScope: Scope.Scope) {
  const first = new Map(cases.map((one) => [keyOf(one), one]))
  const pairs = yield* Effect.forEach(first, ([key, one]) =>
    Effect.gen(function* () {
      const fxLlm = yield* Scope.provide(
        disposed(() => startFxLlm({ script })),
        upstreamScope
      )
      const { around, logged } = watchLog()
      const { url } = yield* startHostServer(configuration(speaks(one), one.fault.temper, fxLlm.url), around)
      return [key, { url, logged, fxLlm } satisfies Pair] as const
    })
  )
  const byKey = new Map<string, Pair>(pairs)
  return {
    all: pairs.map(([, pair]) => pair),
    of: (one: Case): Pair => byKey.get(keyOf(one)) ?? raise(one)
  }
})

const raise = (one: Case): never => {
  throw new Error(`no server was started for ${nameOf(one)}`)
}

/** The requests that a text has caused. */
export const requestsFor = ({ fxLlm }: Pair, text: string): ReadonlyArray<SeenRequest> =>
  fxLlm.requests.filter(({ lastUserText }) => lastUserText === text)
