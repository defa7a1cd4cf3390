import { assert, describe, it } from "@effect/vitest"
import { Interaction, isJsonObject, type JsonObject, localCall, ToolNotFound } from "@signalbox/model"
import { SubAgent, type SubAgentTask } from "@signalbox/tools"
import { Effect, Fiber, Metric } from "effect"
import { TestClock } from "effect/testing"
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { codeOf, makeBench } from "./support.ts"

describe("TodoWrite", () => {
  it.live("replaces the list, or changes one entry, for one conversation", () =>
    Effect.gen(function* () {
      const { call, text } = yield* makeBench()
      assert.strictEqual(yield* text("TodoRead", {}), "There are no to-dos.")
      yield* call("TodoWrite", {
        todos: [
          { id: "1", content: "build", status: "in_progress", activeForm: "Building" },
          { id: "2", content: "ship", status: "pending", priority: "high", tags: ["a"], due_date: "today" }
        ]
      })
      const all = "## high\n- [ ] ship (2), due today, #a\n\n## medium\n- [~] build (1)"
      assert.strictEqual(yield* text("TodoRead", {}), all)
      assert.strictEqual(
        yield* text("TodoRead", { priority_filter: "high", status_filter: "pending" }),
        "## high\n- [ ] ship (2), due today, #a"
      )
      yield* call("TodoWrite", { action: "complete", todo_id: "1" })
      yield* call("TodoWrite", { action: "update", todo_id: "2", title: "ship it", priority: "low" })
      yield* call("TodoWrite", { action: "add", title: "rest", description: "well" })
      assert.match(
        yield* text("TodoRead", {}),
        /^## medium\n- \[x\] build \(1\)\n- \[ \] rest \([0-9a-f]{8}\)\n\n## low\n- \[ \] ship it \(2\), due today, #a$/
      )
      yield* call("TodoWrite", { action: "delete", todo_id: "1" })
      assert.notInclude(yield* text("TodoRead", {}), "build")
      for (const other of [{ conversationId: "other" }, { principal: "other" }, { conversationId: "../local" }])
        assert.strictEqual(yield* text("TodoRead", {}, other), "There are no to-dos.")
    })
  )

  it.live("loses nothing when two processes write at once", () =>
    Effect.gen(function* () {
      const { home, call } = yield* makeBench()
      const writer = join(import.meta.dirname, "todoWriter.ts")
      const run = promisify(execFile)
      yield* Effect.promise(() =>
        Promise.all(["a", "b"].map((name) => run(process.execPath, [writer, home, name, "50"])))
      )
      const { structuredContent } = yield* call("TodoRead", {})
      assert.lengthOf(
        isJsonObject(structuredContent) && Array.isArray(structuredContent["todos"]) ? structuredContent["todos"] : [],
        100
      )
    })
  )

  it.live("takes over the lock of a process that died, and tells of a list that is broken", () =>
    Effect.gen(function* () {
      const { call, home } = yield* makeBench()
      const folder = join(home, "state/todos/c-local")
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, "c-local.json.lock"), "")
      utimesSync(join(folder, "c-local.json.lock"), 1000, 1000)
      assert.strictEqual(codeOf(yield* call("TodoWrite", { action: "add", title: "x" })), "ok")
      writeFileSync(join(folder, "c-local.json"), "{")
      assert.strictEqual(codeOf(yield* call("TodoWrite", { action: "add", title: "x" })), "TOOL_STATE_FAILED")
      assert.strictEqual(readFileSync(join(folder, "c-local.json"), "utf8"), "{")
    })
  )
})

describe("Task", () => {
  it.live("gives a task to the sub-agent of the place", () =>
    Effect.gen(function* () {
      const given: Array<SubAgentTask> = []
      const { text } = yield* makeBench()
      const run = (task: SubAgentTask) =>
        Effect.suspend(() => {
          given.push(task)
          return task.prompt === "fail"
            ? Effect.fail(new ToolNotFound({ toolName: "x", available: [] }))
            : Effect.succeed("done")
        })
      const ask = (prompt: string) =>
        Effect.provideService(
          text("Task", { description: "d", prompt, subagent_type: "t" }, { principal: "p" }),
          SubAgent,
          { run }
        )
      assert.strictEqual(yield* ask("do it"), "done")
      assert.strictEqual(given[0]?.agentType, "t")
      assert.strictEqual(given[0]?.context.principal, "p")
      assert.include(yield* ask("fail"), 'SUB_AGENT_UNAVAILABLE: No sub-agent can take the task: There is no tool "x"')
    })
  )

  it.live("keeps a list of tasks", () =>
    Effect.gen(function* () {
      const { call, text } = yield* makeBench()
      assert.strictEqual(yield* text("Task", { action: "list" }), "There are no tasks.")
      const id = /\((\w+)\)/.exec(yield* text("Task", { action: "add", task: "x" }))?.[1] ?? ""
      assert.strictEqual(yield* text("Task", { action: "complete", task_id: id }), `- [x] x (${id})`)
      yield* call("Task", { action: "remove", task_id: id })
      assert.strictEqual(yield* text("Task", { action: "list" }), "There are no tasks.")
    })
  )
})

const notebook = (cells: ReadonlyArray<JsonObject>) =>
  `${JSON.stringify({ cells, metadata: { kernelspec: { name: "python3" } }, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`
const code: JsonObject = {
  cell_type: "code",
  execution_count: 3,
  id: "one",
  metadata: { tags: ["x"] },
  outputs: [{ output_type: "stream", name: "stdout", text: ["a\n", "b"] }],
  source: ["x = 1\n", "x"]
}
const prose: JsonObject = { cell_type: "markdown", id: "two", metadata: {}, source: "# Tëxt" }

const around = (cells: string) => `{"nbformat_minor": 2.0, "cells": [${cells}]  , "nbformat": 4}`

describe("a notebook", () => {
  it.live("is shown by its cells, with what they printed", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      write("n.ipynb", notebook([code, prose]))
      assert.strictEqual(
        yield* text("NotebookRead", { notebook_path: "n.ipynb" }),
        "[0] one (code)\nx = 1\nx\nOutput:\na\nb\n\n[1] two (markdown)\n# Tëxt"
      )
      assert.strictEqual(
        yield* text("NotebookRead", { file_path: "n.ipynb", cell_id: "two" }),
        "[1] two (markdown)\n# Tëxt"
      )
      assert.notInclude(
        yield* text("NotebookRead", { file_path: "n.ipynb", cell_index: 0, include_outputs: false }),
        "Output"
      )
    })
  )

  it.live("keeps what JSON has no canonical form for, however the cells are set", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench()
      const odd =
        '{"cell_type": "raw", "id": "cell-2", "metadata": {"a": 1.0, "b": [1e-05, 12345678901234567890]}, "source": "\\"[{"}'
      const other = '{"cell_type":"markdown","metadata":{},"source":["x"]}'
      const file = write("odd.ipynb", around(` ${odd}, ${other},${odd.replace("cell-2", "b")} `))
      const edit = (input: JsonObject) =>
        Effect.map(call("NotebookEdit", { notebook_path: "odd.ipynb", ...input }), () => readFileSync(file, "utf8"))
      assert.strictEqual(
        yield* edit({ cell_index: 1, new_source: "y" }),
        around(` ${odd}, ${other.replace('"x"', '"y"')},${odd.replace("cell-2", "b")} `)
      )
      yield* edit({ cell_id: "b", edit_mode: "delete" })
      // An id comes before a place.
      assert.strictEqual(
        yield* edit({ cell_id: "cell-2", edit_mode: "delete" }),
        around(` ${other.replace('"x"', '"y"')} `)
      )
      assert.strictEqual(yield* edit({ cell_index: 0, edit_mode: "delete" }), around(""))
      const added = yield* edit({ edit_mode: "insert", new_source: "z", cell_type: "markdown" })
      assert.strictEqual(added, around('{"cell_type":"markdown","metadata":{},"source":["z"]}'))
    })
  )

  it.live("keeps every byte of the cells that are not meant", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench()
      const file = write("n.ipynb", notebook([code, prose]))
      const now = () => readFileSync(file, "utf8")
      yield* call("NotebookEdit", { notebook_path: "n.ipynb", cell_id: "one", new_source: "y = 2\nz" })
      assert.strictEqual(
        now(),
        notebook([
          {
            cell_type: "code",
            id: "one",
            metadata: { tags: ["x"] },
            source: ["y = 2\n", "z"],
            execution_count: null,
            outputs: []
          },
          prose
        ])
      )
      yield* call("NotebookEdit", {
        notebook_path: "n.ipynb",
        cell_id: "two",
        edit_mode: "insert",
        cell_type: "markdown",
        new_source: "end"
      })
      assert.match(
        now(),
        /"id": "[0-9a-f]{8}",\n {3}"cell_type": "markdown",\n {3}"metadata": \{\},\n {3}"source": \[\n {4}"end"\n {3}\]/
      )
      yield* call("NotebookEdit", { file_path: "n.ipynb", cell_index: 2, edit_mode: "delete" })
      yield* call("NotebookEdit", { file_path: "n.ipynb", cell_index: 0, edit_mode: "delete" })
      assert.strictEqual(now(), notebook([prose]))
      yield* call("NotebookEdit", { file_path: "n.ipynb", edit_mode: "insert", new_source: "first" })
      assert.isBelow(now().indexOf("first"), now().indexOf("# Tëxt"))
    })
  )
})

describe("limits", () => {
  it.effect("let so many calls begin in a minute, and go on after it", () =>
    Effect.gen(function* () {
      const { call } = yield* makeBench((options) => ({
        ...options,
        limits: { ...options.limits, queueTimeout: "1 second" }
      }))
      for (let index = 0; index < 100; index++) assert.strictEqual(codeOf(yield* call("TodoRead", {})), "ok")
      const refused = yield* Effect.flip(call("TodoRead", {}))
      assert.strictEqual(refused.code, "RATE_EXCEEDED")
      assert.isDefined(refused.retryAfter)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(codeOf(yield* call("TodoRead", {})), "ok")
    })
  )

  it.effect("end a call that takes longer than its tool may", () =>
    Effect.gen(function* () {
      const { call } = yield* makeBench()
      const asked = Effect.provideService(call("Task", { prompt: "x" }), SubAgent, { run: () => Effect.never })
      const fiber = yield* Effect.forkChild(Effect.flip(asked), { startImmediately: true })
      yield* TestClock.adjust("120 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).code, "TOOL_TIMEOUT")
    })
  )

  it.live("let no tool be called that is not enabled, and list the others in one order", () =>
    Effect.gen(function* () {
      const { call, tools } = yield* makeBench((options) => ({ ...options, enabled: ["LS", "Read"] }))
      const listed = yield* tools.toolbox.list
      assert.deepStrictEqual(
        listed.map(({ name }) => name),
        ["Read", "LS"]
      )
      assert.deepStrictEqual(listed[0]?.runBy, { _tag: "Host", source: "tools" })
      assert.isTrue(listed[0]?.annotations.readOnlyHint)
      const unknown = yield* Effect.flip(call("Reads", {}))
      assert.include(unknown.message, 'Did you mean "Read"?')
      assert.strictEqual((yield* Effect.flip(call("Bash", { command: "ls" }))).code, "TOOL_NOT_FOUND")
    })
  )
})

describe("a result", () => {
  it.live("is cut between characters, with its beginning, its end and its length", () =>
    Effect.gen(function* () {
      const { text } = yield* makeBench((options) => ({
        ...options,
        commands: { ...options.commands, allow: ["printf"] }
      }))
      const shown = yield* text("Bash", { command: `printf '%s' 'b${"👍".repeat(9_000)}e'` })
      assert.isAtMost(shown.length, 10_000)
      assert.include(shown, "18002 characters in all")
      assert.isTrue(shown.isWellFormed())
      assert.match(shown, /^b👍.*👍e$/s)
    })
  )

  it.live("of a refusal is told to the model, and counted", () =>
    Effect.gen(function* () {
      const { call } = yield* makeBench()
      const result = yield* call("Bash", { command: "sudo ls" })
      assert.isTrue(result.isError)
      assert.strictEqual(codeOf(result), "COMMAND_REFUSED")
      const counts = (yield* Metric.snapshot).filter(({ id }) => id === "tool_refused_total")
      assert.isTrue(
        counts.some(({ attributes, state }) => attributes?.["tool"] === "Bash" && "count" in state && state.count === 1)
      )
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("there is none where nobody can be asked", () =>
    Effect.gen(function* () {
      const { tools } = yield* makeBench()
      const call = tools.toolbox.call("Bash", { command: "rm x" }, localCall({ interaction: Interaction.decline }))
      const error = yield* Effect.flip(call)
      assert.strictEqual(error.code, "APPROVAL_REQUIRED")
      assert.include(error.message, "was not run: it needs approval, because rm is not among the allowed commands")
      assert.strictEqual(error.hint, "There is nobody to ask here.")
    })
  )
})
