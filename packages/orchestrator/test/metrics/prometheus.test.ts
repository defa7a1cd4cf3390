import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import { CircuitBreaker, ConnectionPool } from "@signalbox/resilience"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, orchestrate, text } from "../FakeServers.ts"
import { readExposition } from "./exposition.ts"

const oddName = 'say "hi" \\ to\nall'

describe("the text for Prometheus", () => {
  it.effect("can be read by a strict reader, with every number and every label as it is", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["s", oddName], { naming: "first" })
      yield* boxes.settled
      fakes.behave("s").call = ({ input }) => Effect.as(Effect.sleep(Number(input["millis"])), text("done"))
      const calls = yield* Effect.forkChild(
        Effect.forEach([3, 30, 300, 60_000], (millis) => boxes.toolbox.call("s__echo", { millis }, localCall()), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(calls)
      fakes.of("s")[0]?.die(killed("s"))
      yield* TestClock.adjust("1 second")

      const families = readExposition(yield* boxes.metrics.prometheus)
      const value = (family: string, labels: Readonly<Record<string, string>>, suffix = "") =>
        families
          .get(family)
          ?.samples.find(
            (sample) =>
              sample.name === family + suffix &&
              Object.entries(labels).every(([key, text]) => sample.labels[key] === text)
          )?.value
      assert.strictEqual(value("mcp_calls_total", { server: "s", tool: "echo", outcome: "success" }), 4)
      assert.strictEqual(value("mcp_server_losses_total", { server: "s", outcome: "SERVER_EXITED" }), 1)
      assert.strictEqual(value("mcp_server_state", { server: oddName, state: "running" }), 1)
      const duration = (le: string) => value("mcp_call_duration_seconds", { server: "s", le }, "_bucket")
      assert.deepStrictEqual(["0.001", "0.005", "0.05", "0.5", "30", "+Inf"].map(duration), [0, 1, 2, 3, 3, 4])
      assert.closeTo(value("mcp_call_duration_seconds", { server: "s" }, "_sum") ?? 0, 60.333, 1e-9)
      for (const { help, name, type } of families.values()) {
        assert.match(name, /^mcp_/)
        assert.notStrictEqual(help, "")
        assert.strictEqual(name.endsWith("_total"), type === "counter")
        if (type === "histogram") assert.match(name, /_seconds$/)
      }
    })
  )

  it.effect("shows watched pools and circuits as they are now", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrate(makeFakeServers(), ["s"])
      const pool = yield* ConnectionPool.make({
        acquire: () => Effect.succeed("open"),
        settings: () => ({
          min: 0,
          max: 2,
          maxConcurrent: 1,
          acquireTimeout: "1 second",
          idleTimeToLive: "1 hour"
        }),
        invalidates: () => false
      })
      const breaker = yield* CircuitBreaker.make({
        settings: () => ({ failureThreshold: 1, openFor: "1 minute", successThreshold: 1, maxProbes: 1 }),
        counts: () => true
      })
      yield* boxes.metrics.watch({ pools: [pool], breakers: [breaker] })
      yield* pool.register("fx")
      yield* pool.withConnection("fx", () => Effect.void)
      yield* breaker.forceOpen("fx")
      const families = readExposition(yield* boxes.metrics.prometheus)
      assert.deepStrictEqual(families.get("mcp_pool_borrowed_total")?.samples, [
        { name: "mcp_pool_borrowed_total", labels: { server: "fx" }, value: 1 }
      ])
      assert.sameDeepMembers(
        [...(families.get("mcp_circuit_phase")?.samples ?? [])],
        [
          { name: "mcp_circuit_phase", labels: { circuit: "s" }, value: 0 },
          { name: "mcp_circuit_phase", labels: { circuit: "fx" }, value: 2 }
        ]
      )
    })
  )
})

describe("the reader that checks it", () => {
  const good = '# HELP a_total Of a\n# TYPE a_total counter\na_total{x="1"} 1\n'
  const bad: ReadonlyArray<readonly [string, string]> = [
    ["an unfinished line", good.trimEnd()],
    ["a family without its type", good.replace(/# TYPE.*\n/, "")],
    ["a family in two blocks", good + good],
    ["a series twice", `${good}a_total{x="1"} 2\n`],
    ["a label that is not closed", good.replace('"1"', '"1')],
    ["a quote that is not escaped", good.replace('"1"', '"1"2"')],
    ["a name that is none", good.replaceAll("a_total", "a-total")],
    ["a value that is none", good.replace("} 1", "} one")],
    [
      "buckets that fall",
      '# HELP h H\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'
    ],
    ["a histogram without +Inf", '# HELP h H\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n']
  ]
  it("takes what is right", () => {
    assert.strictEqual(readExposition(good).get("a_total")?.samples[0]?.value, 1)
  })
  for (const [what, text] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readExposition(text))
    })
  }
})
