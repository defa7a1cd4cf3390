import { assert, describe, it } from "@effect/vitest"
import { Journal, noHooks, ToolExecutor } from "@signalbox/conversation"
import { Interaction, textResult } from "@signalbox/model"
import { Clock, DateTime, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { callOf, toolboxOf } from "./support.ts"

const form = { mode: "form", message: "Who?", schema: {} } as const
const asker = { source: "test" }

/** A person who needs this long for every answer. */
const slowPerson = (minutes: number): Interaction => ({
  ...Interaction.decline,
  elicit: () => Effect.as(Effect.sleep(Duration.minutes(minutes)), { action: "cancel" } as const)
})

/** Runs one call of a tool that works for a while, asks, and works again; answers how it ended and how long it took. */
const run = Effect.fnUntraced(function* (
  interaction: Interaction,
  work: { readonly before: Duration.Input; readonly after: Duration.Input },
  { deadline, hasOwnTimeLimit = false }: { readonly deadline?: DateTime.Utc; readonly hasOwnTimeLimit?: boolean } = {}
) {
  const toolbox = toolboxOf({
    name: "ask",
    hasOwnTimeLimit,
    run: (_, context) =>
      Effect.sleep(work.before).pipe(
        Effect.andThen(context.interaction.elicit(form, asker)),
        Effect.andThen(Effect.sleep(work.after)),
        Effect.as(textResult("done"))
      )
  })
  const executor = ToolExecutor.make({
    toolbox,
    limits: { toolConcurrency: 5, toolTimeout: Duration.seconds(30) },
    journal: Journal.none,
    hooks: noHooks
  })
  const began = yield* Clock.currentTimeMillis
  const fiber = yield* executor
    .executeAll([{ type: "tool_use", id: "1", name: "ask", input: {} }], {
      call: callOf({ interaction, deadline }),
      id: "t/1",
      step: 1
    })
    .pipe(
      Effect.flatMap(([outcome]) =>
        Effect.map(Clock.currentTimeMillis, (now) => ({
          status: outcome?.status,
          seconds: (now - began) / 1000,
          counted: outcome === undefined ? undefined : Duration.toSeconds(outcome.duration)
        }))
      ),
      Effect.forkChild
    )
  yield* TestClock.adjust("1 hour")
  return yield* Fiber.join(fiber)
})

describe("the time of a tool call", () => {
  it.effect("stands still while a person is being asked", () =>
    Effect.gen(function* () {
      const { counted, seconds, status } = yield* run(slowPerson(10), { before: "20 seconds", after: "9 seconds" })
      assert.deepStrictEqual([status, seconds], ["ok", 629])
      // What the person took is not what the call took.
      assert.strictEqual(counted, 29)
    })
  )

  it.effect("goes on where it stood when the question is over", () =>
    Effect.gen(function* () {
      const { seconds, status } = yield* run(slowPerson(10), { before: "20 seconds", after: "1 minute" })
      assert.strictEqual(status, "timeout")
      // It is looked at now and then while somebody is being asked.
      assert.isAtLeast(seconds, 630)
      assert.isAtMost(seconds, 640)
    })
  )

  it.effect("is that of the tool where it has a limit of its own", () =>
    Effect.gen(function* () {
      const work = { before: "20 minutes", after: "1 second" } as const
      const { seconds, status } = yield* run(Interaction.decline, work, { hasOwnTimeLimit: true })
      assert.deepStrictEqual([status, seconds], ["ok", 1201])
      const deadline = DateTime.addDuration(yield* DateTime.now, "1 minute")
      const late = yield* run(Interaction.decline, work, { deadline, hasOwnTimeLimit: true })
      assert.deepStrictEqual([late.status, late.seconds], ["timeout", 60])
    })
  )

  it.effect("ends at the deadline of the caller all the same", () =>
    Effect.gen(function* () {
      const deadline = DateTime.addDuration(yield* DateTime.now, "1 minute")
      // The limit of the call is the nearer one, but it stands still.
      const { seconds, status } = yield* run(slowPerson(10), { before: "20 seconds", after: "1 second" }, { deadline })
      assert.deepStrictEqual([status, seconds], ["timeout", 60])
    })
  )

  it.effect("runs on where nobody can be asked", () =>
    Effect.gen(function* () {
      const { seconds, status } = yield* run(Interaction.decline, { before: "20 seconds", after: "1 minute" })
      assert.deepStrictEqual([status, seconds], ["timeout", 30])
    })
  )
})
