import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import type { Alert } from "@signalbox/orchestrator"
import { Effect, Metric, Stream } from "effect"
import { TestClock } from "effect/testing"
import { fakeSets, killed, makeFakeServers, managed, orchestrate } from "./FakeServers.ts"
import { readExposition } from "./metrics/exposition.ts"

describe("the numbers of sets", () => {
  it.effect("are in one text with those of a program that shares its registry, told apart by a label", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["a"])
      const sets = yield* fakeSets(fakes)
      const left = yield* sets.add("left", [managed("a")])
      const right = yield* sets.add("right", [managed("a"), managed("b")])
      assert.strictEqual(sets.metrics.registry, boxes.metrics.registry)
      for (const { toolbox } of [boxes, left.orchestrator, left.orchestrator, right.orchestrator])
        yield* toolbox.call("a__echo", {}, localCall())
      yield* sets.metrics.refresh
      const families = readExposition(yield* boxes.metrics.prometheus)
      const series = (family: string) =>
        (families.get(family)?.samples ?? []).map(({ labels: { server, set }, value }) => [set, server, value])
      assert.sameDeepMembers(series("mcp_calls_total"), [
        [undefined, "a", 1],
        ["left", "a", 2],
        ["right", "a", 1]
      ])
      const phases = families.get("mcp_circuit_phase")?.samples ?? []
      assert.sameDeepMembers(
        phases.map(({ labels }) => labels),
        [
          { circuit: "a" },
          { circuit: "a", set: "left" },
          { circuit: "a", set: "right" },
          { circuit: "b", set: "right" }
        ]
      )
      const { left: numbers, ...others } = yield* sets.metrics.snapshot
      assert.strictEqual(numbers?.servers["a"]?.calls, 2)
      assert.deepStrictEqual(Object.keys(others["right"]?.servers ?? {}), ["a", "b"])
      assert.strictEqual((yield* boxes.metrics.snapshot).servers["a"]?.calls, 1)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("leave with their set, and no other set loses any", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const sets = yield* fakeSets(fakes)
      yield* sets.add("left", [managed("a")])
      const right = yield* sets.add("right", [managed("a")])
      const before = readExposition(yield* right.orchestrator.metrics.prometheus)
      yield* sets.remove("left")
      const after = readExposition(yield* right.orchestrator.metrics.prometheus)
      assert.deepStrictEqual([...after.keys()], [...before.keys()])
      for (const [name, { samples }] of before) {
        const rights = samples.filter(({ labels }) => labels["set"] === "right")
        assert.isAtLeast(rights.length, 1)
        assert.sameDeepMembers([...(after.get(name)?.samples ?? [])], rights)
      }
      assert.deepStrictEqual(Object.keys(yield* sets.metrics.snapshot), ["right"])
      const again = yield* sets.add("left", [managed("a")])
      assert.strictEqual((yield* again.orchestrator.metrics.snapshot).servers["a"]?.starts, 1)
    })
  )
})

const shown = (alerts: ReadonlyArray<Alert>) => alerts.map(({ id, set, status, subject }) => [id, set, subject, status])
const held = (set: string) => [`${set}/server-lost:a`, set, "a", "raised"]
const isLost = ({ kind }: Alert) => kind === "server-lost"

describe("the alerts of sets", () => {
  it.effect("name their set, and are over when that is removed", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const told: Array<Alert> = []
      const sets = yield* fakeSets(fakes)
      yield* Effect.forkScoped(
        Stream.runForEach(sets.alerts, (alert) => Effect.sync(() => void told.push(alert))),
        {
          startImmediately: true
        }
      )
      yield* sets.add("left", [managed("a"), managed("b")])
      yield* sets.add("right", [managed("a")])
      fakes.behave("a").connect = Effect.fail(killed("a"))
      for (const connection of fakes.of("a")) connection.die(killed("a"))
      yield* TestClock.adjust("1 minute")
      assert.sameDeepMembers(shown((yield* sets.activeAlerts).filter(isLost)), [held("left"), held("right")])
      assert.sameDeepMembers(shown(told.filter(isLost)), [held("left"), held("right")])
      yield* sets.remove("left")
      assert.deepStrictEqual(shown((yield* sets.activeAlerts).filter(isLost)), [held("right")])
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(shown(told.filter(isLost).slice(2)), [["left/server-lost:a", "left", "a", "resolved"]])
    })
  )
})
