import { assert, describe, it, layer } from "@effect/vitest"
import { presets, sizingPresets } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { guardPresets, type GuardSettings } from "@signalbox/resilience"
import { Duration, Effect } from "effect"
import { stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

const full = "preset:default@1"
const server = { enabled: true, transport: "stdio", command: "x", args: [], env: {} }

/** What is extended by all servers, or by one. */
const extending = (all: unknown, one?: unknown, own: object = {}) =>
  stringify({ extends: all, servers: { a: { ...(one === undefined ? {} : { extends: one }), ...server, ...own } } })

/** What a preset of a guard says, under the keys of the configuration. */
const numbersOf = ({ breaker, connectTimeout, pool }: GuardSettings): Readonly<Record<string, unknown>> => {
  const health = pool.health ?? assert.fail("it has checks")
  const settings = breaker === "off" ? assert.fail("it has a circuit") : breaker
  return {
    connectTimeout,
    "health.interval": health.every,
    "health.timeout": health.timeout,
    "health.failures": health.failureThreshold,
    "health.successes": health.successThreshold,
    "breaker.enabled": true,
    "breaker.failures": settings.failureThreshold,
    "breaker.openFor": settings.openFor,
    "breaker.successes": settings.successThreshold,
    "breaker.probes": settings.maxProbes,
    "breaker.probeTimeout": settings.probeTimeout,
    "sessions.min": pool.min,
    "sessions.max": pool.max,
    "sessions.acquireTimeout": pool.acquireTimeout,
    "sessions.idleTimeToLive": pool.idleTimeToLive
  }
}

const plain = (value: unknown): unknown => (Duration.isDuration(value) ? Duration.toMillis(value) : value)
const expectedOf = (value: unknown): unknown =>
  // Texts of a preset are durations.
  typeof value === "string" ? Duration.toMillis(value as Duration.Input) : value

describe("the sizing presets", () => {
  const guards: Readonly<Record<string, GuardSettings>> = {
    "preset:standard@1": guardPresets.standard,
    "preset:quick@1": guardPresets.quick,
    "preset:high-throughput@1": guardPresets.highThroughput,
    "preset:low-latency@1": guardPresets.lowLatency,
    "preset:small@1": guardPresets.small,
    "preset:critical@1": guardPresets.critical
  }
  it("have names with a version, and a sentence on what they are for", () => {
    assert.deepStrictEqual([...presets.keys()], [full, ...Object.keys(guards)])
    assert.deepStrictEqual([...sizingPresets.keys()], Object.keys(guards))
    for (const { purpose } of presets.values()) assert.match(purpose, /^[A-Z].*\.$/)
  })
  layer(NodeServices.layer)((it) => {
    for (const [name, guard] of Object.entries(guards)) {
      it.effect(`have the numbers of the same preset of a guard: ${name}`, () =>
        Effect.gen(function* () {
          const { options, origins } = yield* load(extending([full, name]))
          const numbers = numbersOf(guard)
          const said = origins.filter(({ origin }) => origin === name).map(({ path }) => path.replace("runtime.", ""))
          assert.isNotEmpty(said)
          for (const path of said) {
            const found = path
              .split(".")
              .reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), options.runtime)
            assert.property(numbers, path)
            assert.strictEqual(plain(found), expectedOf(numbers[path]), path)
          }
        })
      )
    }
  })
})

layer(NodeServices.layer)("what a configuration extends", (it) => {
  it.effect("may be several presets, of which the later ones count, below what stands there itself", () =>
    Effect.gen(function* () {
      const text = stringify({
        extends: [full, "preset:standard@1", "preset:small@1"],
        runtime: { sessions: { acquireTimeout: "7 seconds" } }
      })
      const { options, origins } = yield* load(text)
      const { acquireTimeout, max } = options.runtime.sessions
      assert.deepStrictEqual([max, acquireTimeout], [3, Duration.seconds(7)])
      const from = new Map(origins.map(({ origin, path }) => [path, origin]))
      assert.deepStrictEqual(
        ["max", "acquireTimeout", "affinity"].map((key) => from.get(`runtime.sessions.${key}`)),
        ["preset:small@1", "signalbox.yaml:7", full]
      )
      assert.strictEqual(from.get("runtime.health.interval"), "preset:standard@1")
    })
  )
  it.effect("may be presets of sizes alone: what they leave out comes from the complete one", () =>
    Effect.gen(function* () {
      for (const name of sizingPresets.keys()) {
        const [alone, named] = [yield* load(extending(name)), yield* load(extending([full, name]))]
        assert.deepStrictEqual(alone.options, named.options, name)
      }
      const { origins } = yield* load(extending("preset:small@1"))
      const from = new Map(origins.map(({ origin, path }) => [path, origin]))
      assert.deepStrictEqual(
        ["runtime.sessions.max", "model.provider"].map((key) => from.get(key)),
        ["preset:small@1", full]
      )
      assert.deepStrictEqual(
        (yield* problemsOf(extending("preset:smal@1"))).map(({ suggestion }) => suggestion),
        ['did you mean "preset:small@1"?']
      )
    })
  )
  it.effect("may be that of one server alone, above what is said for all", () =>
    Effect.gen(function* () {
      const { options, origins } = yield* load(
        extending([full, "preset:standard@1"], "preset:critical@1", { breaker: { openFor: "9 seconds" } })
      )
      const { breaker, health, sessions } = options.servers["a"] ?? {}
      assert.deepStrictEqual(breaker, { enabled: true, failures: 3, openFor: Duration.seconds(9) })
      assert.deepStrictEqual([health, sessions], [{ interval: Duration.seconds(30) }, undefined])
      const origin = (path: string) => origins.find((one) => one.path === path)?.origin
      assert.strictEqual(origin("servers.a.breaker.failures"), "preset:critical@1")
      assert.match(origin("servers.a.breaker.openFor") ?? "", /^signalbox\.yaml:\d+$/)
      assert.match(origin("servers.a.command") ?? "", /^signalbox\.yaml:\d+$/)
      const SIGNALBOX_SERVERS = JSON.stringify({ b: { extends: ["preset:small@1"], ...server } })
      const given = yield* load(extending(full), { environment: { SIGNALBOX_SERVERS } })
      assert.strictEqual(given.options.servers["b"]?.sessions?.max, 3)
    })
  )
  it.effect("is told of where there is no such preset, with the one that was meant", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(extending(full, ["preset:small@1", "preset:critcal@1"], { retries: 1 }))
      assert.deepStrictEqual(
        problems.map(({ message, path, suggestion }) => [path, message, suggestion]),
        [
          [
            "servers.a.extends.1",
            'there is no preset "preset:critcal@1" for a server',
            'did you mean "preset:critical@1"?'
          ],
          ["servers.a.retries", "unknown key", undefined]
        ]
      )
      const [file, ...others] = yield* problemsOf(extending([full, "preset:smal@1"]))
      assert.deepInclude(file, { path: "extends.1", suggestion: 'did you mean "preset:small@1"?' })
      assert.deepStrictEqual(others, [])
      const [whole] = yield* problemsOf(extending(full, full))
      assert.strictEqual(whole?.path, "servers.a.extends")
    })
  )
  it.effect("may not say that more sessions are kept open than there may be", () =>
    Effect.gen(function* () {
      for (const text of [
        stringify({ extends: full, runtime: { sessions: { min: 2 } } }),
        extending(full, "preset:high-throughput@1", { sessions: { max: 4 } })
      ]) {
        const [problem, ...others] = yield* problemsOf(text)
        assert.match(problem?.path ?? "", /sessions\.max$/)
        assert.include(problem?.message, "at least as many as min")
        assert.deepStrictEqual(others, [])
      }
    })
  )
})
