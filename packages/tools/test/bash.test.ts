import { assert, describe, it } from "@effect/vitest"
import { Interaction, resultText } from "@signalbox/model"
import { answering } from "@signalbox/model/testing"
import { builtInNumbers } from "@signalbox/tools"
import { Deferred, Effect, Fiber, Metric } from "effect"
import { TestClock } from "effect/testing"
import { existsSync } from "node:fs"
import { type Bench, type Changes, codeOf, failureOf, makeBench, marked, until } from "./support.ts"

const allowing =
  (...allow: ReadonlyArray<string>): Changes =>
  (options) => ({
    ...options,
    commands: { ...options.commands, allow: [...options.commands.allow, ...allow] }
  })

const withMark =
  (mark: string): Changes =>
  (options) => ({
    ...options,
    commands: { ...options.commands, environment: { ...options.commands.environment, TOOLS_MARK: mark } }
  })

/** Calls may begin as often as a test looks. */
const asOften: Changes = (options) => ({
  ...options,
  limits: { ...options.limits, rate: { limit: 1_000_000, per: "1 second" } }
})

const run = ({ text }: Bench, command: string, more = {}) => text("Bash", { command, ...more })

describe("Bash", () => {
  it.live("tells output, errors and exit codes apart", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      assert.strictEqual(yield* run(bench, "echo hello"), "hello")
      assert.strictEqual(
        yield* run(bench, "echo a; cat none"),
        "Exit code 1\nSTDOUT:\na\n\nSTDERR:\ncat: none: No such file or directory"
      )
      const failed = yield* bench.call("Bash", { command: "exit 3" })
      assert.isTrue(failed.isError)
      assert.strictEqual(resultText(failed), "Exit code 3")
      assert.strictEqual(yield* run(bench, "true"), "Tool executed successfully (no output)")
      assert.strictEqual(yield* run(bench, "cat", { input: "from input" }), "from input")
      assert.strictEqual(yield* run(bench, "pwd"), bench.work)
      assert.strictEqual(yield* run(bench, 'for x in a b; do echo "$x$(echo !)"; done | tr a-z A-Z'), "A!\nB!")
    })
  )

  it.live("shows nothing of the environment of its host", () =>
    Effect.gen(function* () {
      process.env["TOOLS_TEST_SECRET"] = "hunter2"
      const bench = yield* makeBench(allowing("env", "printenv"))
      const shown = yield* run(bench, "env; printenv")
      assert.notInclude(shown, "hunter2")
      assert.include(shown, "PATH=")
    })
  )

  it.live("ends what takes too long, with all that it started", () =>
    Effect.gen(function* () {
      const mark = `limit-${process.pid}`
      const bench = yield* makeBench((options) => allowing("trap")(withMark(mark)(options)))
      const shown = yield* run(bench, "echo begun; sleep 600 & trap '' TERM; sleep 601", { timeout: 5 })
      assert.include(
        shown,
        "Error: TOOL_TOOK_TOO_LONG: The command took longer than 5s (timeout 5, taken as seconds) and was ended.\nHint: "
      )
      assert.isTrue(shown.endsWith("\nbegun"), shown)
      yield* until(() => marked(mark).length === 0)
    })
  )

  it.live("sends whom a path is refused to the paths, and else to the commands", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      const redirected = yield* run(bench, "echo a > /etc/x")
      assert.include(redirected, "(tools.paths)")
      assert.notInclude(redirected, "tools.commands")
      assert.include(yield* run(bench, "sudo ls"), "(tools.commands)")
    })
  )

  it.live("takes a large limit as milliseconds and a small one as seconds", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      assert.include(
        yield* run(bench, "sleep 600", { timeout: 700 }),
        "longer than 700ms (timeout 700, taken as milliseconds)"
      )
    })
  )

  it.live("does not wait for a process that was left behind and holds the output", () =>
    Effect.gen(function* () {
      const mark = `left-${process.pid}`
      const bench = yield* makeBench(withMark(mark))
      assert.strictEqual(yield* run(bench, "sleep 600 & echo done"), "done")
      yield* until(() => marked(mark).length === 0)
    })
  )

  it.live("stops with the call, and leaves no process", () =>
    Effect.gen(function* () {
      const mark = `stop-${process.pid}`
      const bench = yield* makeBench(withMark(mark))
      const fiber = yield* Effect.forkChild(run(bench, "sleep 600 | sleep 601"))
      yield* until(() => marked(mark).length >= 2)
      yield* Fiber.interrupt(fiber)
      yield* until(() => marked(mark).length === 0)
    })
  )

  it.live("keeps the beginning and the end of any amount of output", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench(allowing("yes"))
      const before = process.memoryUsage().rss
      const shown = yield* run(bench, "echo first; yes | head -c 300000000; echo last", { timeout: 55 })
      assert.match(shown, /^first\ny/)
      assert.match(shown, /last$/)
      assert.isAtMost(shown.length, 10_000)
      assert.isBelow(process.memoryUsage().rss - before, 150 * 1024 * 1024)
    })
  )

  it.live("limits the memory of what it starts", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => {
        const changed = allowing("node")(options)
        return {
          ...changed,
          commands: {
            ...changed.commands,
            maxMemoryBytes: 64 * 1024 ** 2,
            environment: { PATH: process.env["PATH"] ?? "" }
          }
        }
      })
      const result = yield* bench.call("Bash", { command: "node -e 'Buffer.alloc(400e6, 1); console.log(1)'" })
      assert.isTrue(result.isError)
    })
  )

  it.live("says what it cannot start", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => ({
        ...options,
        commands: { ...options.commands, shell: "/no/bash" }
      }))
      assert.strictEqual(codeOf(yield* bench.call("Bash", { command: "ls" })), "COMMAND_NOT_STARTED")
    })
  )
})

describe("an approval", () => {
  it.live("is asked for what is not allowed, and nothing runs without it", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      const file = bench.write("a.txt", "x")
      assert.strictEqual(yield* failureOf(bench.call("Bash", { command: "rm a.txt" })), "APPROVAL_REQUIRED")
      assert.isTrue(existsSync(file))
      const { asked, interaction } = answering({ isApproved: true, remember: "once" })
      yield* bench.call("Bash", { command: "rm a.txt" }, { interaction })
      assert.isFalse(existsSync(file))
      assert.strictEqual(asked[0]?.reason, "rm is not among the allowed commands")
      assert.deepStrictEqual(asked[0]?.input, { command: "rm a.txt" })
      yield* bench.call("Bash", { command: "cat /etc/passwd" }, { interaction })
      assert.strictEqual(
        asked.pop()?.reason,
        'it names "/etc/passwd": it is outside the folders that the tools may use'
      )
      // What a yes is remembered for is the business of whoever makes the call.
      yield* bench.call("Bash", { command: "rm a.txt" }, { interaction })
      assert.lengthOf(asked, 2)
    })
  )

  it.effect("takes as long as a person does, and none of that is time of the call", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      const isAsked = yield* Deferred.make<void>()
      const approve: Interaction["approve"] = () =>
        Deferred.succeed(isAsked, undefined).pipe(
          Effect.andThen(Effect.sleep("1 hour")),
          Effect.as({ isApproved: false, because: "refused", reason: "" } as const)
        )
      const interaction = { ...Interaction.decline, approve }
      const fiber = yield* Effect.forkChild(failureOf(bench.call("Bash", { command: "rm a.txt" }, { interaction })))
      yield* Deferred.await(isAsked)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Fiber.join(fiber), "APPROVAL_REFUSED")
      const { Bash } = yield* builtInNumbers
      assert.deepStrictEqual(Bash, {
        calls: 1,
        success_rate: 0,
        refused: 1,
        average_ms: 0,
        outcomes: { APPROVAL_REFUSED: 1 }
      })
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("that was refused says so", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench()
      const { interaction } = answering({ isApproved: false, because: "refused", reason: "not now" })
      const error = yield* Effect.flip(bench.call("Bash", { command: "rm a.txt" }, { interaction }))
      assert.strictEqual(error.code, "APPROVAL_REFUSED")
      assert.include(error.message, "not now")
    })
  )

  it.live("is not asked for where nobody is to be asked", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => ({
        ...options,
        commands: { ...options.commands, undecided: "refuse" }
      }))
      assert.strictEqual(codeOf(yield* bench.call("Bash", { command: "rm a.txt" })), "COMMAND_REFUSED")
    })
  )
})

describe("a command in the background", () => {
  it.live("is seen, stopped, and kept from other conversations", () =>
    Effect.gen(function* () {
      const mark = `job-${process.pid}`
      const bench = yield* makeBench((options) => asOften(withMark(mark)(options)))
      assert.include(yield* run(bench, "echo begun; sleep 600", { run_in_background: true }), "job 1")
      let shown = ""
      while (!shown.includes("begun")) shown = yield* Effect.delay(bench.text("Bash", { job: "1" }), "10 millis")
      assert.strictEqual(shown, "Job 1. It still runs.\nbegun")
      assert.strictEqual(
        codeOf(yield* bench.call("Bash", { job: "1" }, { conversationId: "other" })),
        "ENTRY_NOT_FOUND"
      )
      assert.include(yield* bench.text("Bash", { job: 1, stop: true }), "Ended by SIGTERM")
      yield* until(() => marked(mark).length === 0)
    })
  )

  it.live("tells its exit code when it has ended", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench(asOften)
      yield* run(bench, "exit 4", { run_in_background: true })
      let shown = "still runs"
      while (shown.includes("still runs")) shown = yield* Effect.delay(bench.text("Bash", { job: "1" }), "10 millis")
      assert.strictEqual(shown, "Job 1. Exit code 4")
    })
  )

  it.live("ends with the scope of the tools", () =>
    Effect.gen(function* () {
      const mark = `scope-${process.pid}`
      yield* Effect.scoped(
        Effect.gen(function* () {
          const bench = yield* makeBench(withMark(mark))
          yield* run(bench, "sleep 600 | sleep 601", { run_in_background: true })
          yield* until(() => marked(mark).length >= 2)
        })
      )
      yield* until(() => marked(mark).length === 0)
    })
  )

  it.live("is refused when too many run", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => ({ ...options, commands: { ...options.commands, maxJobs: 1 } }))
      yield* run(bench, "sleep 600", { run_in_background: true })
      assert.strictEqual(
        codeOf(yield* bench.call("Bash", { command: "sleep 1", run_in_background: true })),
        "COMMAND_NOT_STARTED"
      )
      yield* bench.text("Bash", { job: "1", stop: true })
      assert.include(yield* run(bench, "sleep 600", { run_in_background: true }), "job 2")
    })
  )
})
