import { afterAll, assert, describe, it } from "@effect/vitest"
import { isSignalboxError } from "@signalbox/errors"
import { ServerUnreachable, ToolCallTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer } from "@signalbox/orchestrator"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate, text, tool } from "../FakeServers.ts"

const kinds = ["call", "call", "call", "call", "call", "call", "call", "kill", "kill", "answer", "answer"] as const
const faults = ["hang", "fail", "refuse", "accept"] as const
const others = ["open", "close", "reset", "end", "restart", "reconnect", "wait", "wait", "hurry", "leave"] as const
const whats = [...kinds, ...faults, ...others] as const

/** One thing that happens to one of the servers. */
const Step = Schema.Struct({
  what: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: whats.length - 1 })),
  server: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
  amount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 90 }))
})
type Step = typeof Step.Type

const { sessions } = managedDefaults.stdio
const breaker = { failureThreshold: 3, openFor: "20 seconds", successThreshold: 1, maxProbes: 1 } as const
const of = (name: string, changes: Partial<ManagedServer>) => managed(name, { breaker, maxConcurrent: 2, ...changes })
const servers = [
  of("one", {}),
  of("many", { sessions: { ...sessions, max: 3 } }),
  of("kept", { sessions: { ...sessions, affinity: "conversation", max: 2 } }),
  of("fresh", { sessions: { ...sessions, affinity: "call", max: 2 } })
]
const names = servers.map(({ server }) => server.name)

type Mode = "answer" | "hang" | "fail"

/** The servers, what can happen to them, and every call that was made. */
const world = Effect.gen(function* () {
  const fakes = makeFakeServers()
  const modes = new Map<string, Mode>()
  for (const name of names) {
    const behaviour = fakes.behave(name)
    behaviour.tools = [tool("read", { readOnlyHint: true }), tool("write")]
    behaviour.call = ({ input, name: toolName }) =>
      Effect.suspend(() => {
        const mode = modes.get(name) ?? "answer"
        const limit = Duration.minutes(10)
        const late = new ToolCallTimeout({ serverName: name, toolName, limit, limitName: "callTimeout" })
        if (mode === "fail") return Effect.fail(late)
        const end =
          mode === "hang"
            ? Effect.andThen(Effect.sleep("2 minutes"), Effect.fail(late))
            : Effect.sleep(Number(input["millis"]))
        return Effect.as(end, text(String(input["who"])))
      })
  }
  const boxes = yield* orchestrate(fakes, servers)
  yield* boxes.settled
  const calls: Array<{ readonly who: string; readonly fiber: Fiber.Fiber<unknown, unknown> }> = []
  const call = Effect.fnUntraced(function* (name: string, amount: number, isHurried: boolean) {
    const who = `p${amount % 3}/c${amount % 2}`
    const [principal = "", conversationId = ""] = who.split("/")
    const deadline = isHurried ? DateTime.addDuration(yield* DateTime.now, Duration.seconds(amount)) : undefined
    const toolName = amount % 2 === 0 ? "read" : "write"
    const fiber = yield* Effect.forkDetach(
      boxes.toolbox.call(
        `${name}__${toolName}`,
        { millis: amount * 100, who },
        localCall({ principal, conversationId, deadline })
      ),
      { startImmediately: true }
    )
    calls.push({ who, fiber })
  })
  const happen = ({ amount, server, what: index }: Step): Effect.Effect<unknown, unknown> => {
    const name = names[server] ?? ""
    const what = whats[index] ?? "wait"
    const connections = fakes.of(name).filter(({ isOpen }) => isOpen)
    switch (what) {
      case "call":
      case "hurry":
        return call(name, amount, what === "hurry")
      case "answer":
      case "hang":
      case "fail":
        return Effect.sync(() => modes.set(name, what))
      case "kill":
        return Effect.sync(() => connections[amount % Math.max(1, connections.length)]?.die())
      case "refuse":
        return Effect.sync(() => {
          const refused = new ServerUnreachable({ serverName: name, url: "http://127.0.0.1:9", reason: "refused" })
          fakes.behave(name).connect = Effect.fail(refused)
        })
      case "accept":
        return Effect.sync(() => (fakes.behave(name).connect = Effect.void))
      case "open":
      case "close":
      case "reset":
        return boxes.breaker[what](name)
      case "end":
        return boxes.endConversation({ principal: `p${amount % 3}`, conversationId: `c${amount % 2}` })
      case "restart":
      case "reconnect":
        return Effect.forkDetach(Effect.exit(boxes[what](name)), { startImmediately: true })
      case "wait":
        return TestClock.adjust(Duration.seconds(amount))
      case "leave": {
        const [gone] = calls.splice(amount % Math.max(1, calls.length), 1)
        return gone === undefined ? Effect.void : Fiber.interrupt(gone.fiber)
      }
    }
  }
  return { fakes, boxes, modes, calls, happen }
})

describe("calls over servers that fail, are killed, opened and closed in any order", () => {
  const seen = new Map<string, number>()
  afterAll(() => {
    if (seen.size === 0) return
    for (const outcome of ["success", "SERVER_CIRCUIT_OPEN", "TOOL_CALL_TIMEOUT", "TOOL_OUTCOME_UNKNOWN"])
      assert.isAbove(seen.get(outcome) ?? 0, 5, `${outcome} in ${JSON.stringify([...seen])}`)
  })

  it.effect.prop(
    "all end, with an answer of their own or a typed error, and everything works again afterwards",
    [Schema.Array(Step).check(Schema.isMaxLength(60))],
    ([steps]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { boxes, calls, fakes, happen, modes } = yield* world
          for (const step of steps) yield* happen(step)
          yield* TestClock.adjust("15 minutes")
          for (const { fiber, who } of calls) {
            const exit = fiber.pollUnsafe() ?? assert.fail("a call has not ended")
            const outcome = outcomeOf(exit)
            seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
            if (Exit.isSuccess(exit)) assert.deepNestedPropertyVal(exit.value, "content[0].text", who)
          }
          for (const name of names) {
            fakes.behave(name).connect = Effect.void
            modes.set(name, "answer")
            yield* boxes.breaker.reset(name)
          }
          yield* TestClock.adjust("2 minutes")
          assert.lengthOf(yield* boxes.toolbox.list, 8)
          for (const name of names) {
            const answer = yield* Effect.forkChild(
              boxes.toolbox.call(`${name}__write`, { millis: 0, who: name }, localCall()),
              { startImmediately: true }
            )
            yield* TestClock.adjust("1 second")
            assert.isFalse((yield* Fiber.join(answer)).isError)
          }
          const { pools } = yield* boxes.metrics.snapshot
          assert.deepStrictEqual(
            Object.values(pools).map(({ waiting }) => waiting),
            [0, 0, 0]
          )
        })
      ),
    { timeout: 120_000, arbitrary: { runs: 100, size: 60 } }
  )
})

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Cause.squash(exit.cause)
  return isSignalboxError(error) ? error.code : assert.fail(`not typed: ${Cause.pretty(exit.cause)}`)
}
