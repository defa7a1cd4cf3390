import { assert, layer } from "@effect/vitest"
import { managedServers, presets } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Equal } from "effect"
import { stringify } from "yaml"
import { load } from "./support.ts"

const server = { enabled: true, transport: "stdio", command: "x", args: [], env: {} }

/** Another value for each key of `runtime` that a server has its part of. */
const changes: Readonly<Record<string, unknown>> = {
  connectTimeout: "1 second",
  idleTimeout: "1 second",
  callTimeout: "1 second",
  shutdownTimeout: "1 second",
  maxMessageBytes: 1000,
  maxRequestBytes: 1000,
  maxConcurrentCalls: 3,
  "health.check": "process",
  "health.interval": "1 second",
  "health.timeout": "1 second",
  "health.failures": 1,
  "health.successes": 1,
  "breaker.enabled": false,
  "breaker.failures": 1,
  "breaker.openFor": "1 second",
  "breaker.probes": 1,
  "breaker.successes": 1,
  "breaker.probeTimeout": "1 second",
  "sessions.min": 1,
  "sessions.max": 3,
  "sessions.affinity": "conversation",
  "sessions.idleTimeToLive": "1 second",
  "sessions.acquireTimeout": "1 second",
  "sessions.fallback": "direct",
  "restart.policy": "never",
  "restart.maxRestarts": 3
}

const nested = (path: string, value: unknown) =>
  path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)

/** What is made of one server, but for its place. */
const managed = (runtime: unknown, own: object = {}, environment: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const text = stringify({ extends: "preset:default@1", runtime, servers: { a: { ...server, ...own } } })
    const [first] = yield* managedServers(yield* load(text, { environment }), {})
    const made = first ?? assert.fail("there is no server")
    return { ...made, server: { ...made.server, endpoint: undefined } }
  })

layer(NodeServices.layer)("the limits of servers", (it) => {
  it.effect("reach each server, every one of them, and those of its own count more", () =>
    Effect.gen(function* () {
      const usual = yield* managed({})
      assert.isTrue(Equal.equals(yield* managed({}), usual))
      for (const [path, value] of Object.entries(changes)) {
        const forAll = yield* managed(nested(path, value))
        assert.isFalse(Equal.equals(forAll, usual), path)
        const own = yield* managed({}, Object(nested(path, value)))
        assert.isTrue(Equal.equals(own, forAll), path)
      }
    })
  )
  it.effect("are all looked at here", () =>
    Effect.sync(() => {
      const sections = new Set(Object.keys(changes).map((path) => path.split(".")[0] ?? ""))
      const runtime = Object(presets.get("preset:default@1")?.values["runtime"])
      const keys = [...sections].flatMap((section) => {
        const inner: unknown = runtime[section]
        return typeof inner === "object" ? Object.keys(Object(inner)).map((key) => `${section}.${key}`) : [section]
      })
      const delays = ["firstDelay", "maxDelay", "factor", "healthyAfter"].map((key) => `restart.${key}`)
      assert.sameMembers([...Object.keys(changes), ...delays], keys)
    })
  )
  it.effect("let a server say of either end of its sessions what contradicts the other end of all", () =>
    Effect.gen(function* () {
      const many = { sessions: { min: 5, max: 20 } }
      assert.deepInclude((yield* managed(many, { sessions: { max: 2 } })).sessions, { min: 2, max: 2 })
      assert.deepInclude((yield* managed({}, { sessions: { min: 3 } })).sessions, { min: 3, max: 3 })
      const one = yield* managed(many, {}, { MCP_SINGLE_CONNECTION: "true" })
      assert.deepInclude(one.sessions, { min: 0, max: 1, affinity: "shared" })
    })
  )
})
