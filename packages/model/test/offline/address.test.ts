import { joinToolboxes, type ToolDefinition, textMessage, textResult } from "@signalbox/model"
import { offlineModel } from "@signalbox/model/offline"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { askModel, exampleTools, runTurn, toolsOf } from "./corpus.ts"

const model = offlineModel()

const from = (source: string, tools: ReadonlyArray<ToolDefinition>): ReadonlyArray<ToolDefinition> =>
  tools.map((tool) => ({ ...tool, runBy: { _tag: "Host", source } }))

const join = (...lists: ReadonlyArray<ReadonlyArray<ToolDefinition>>): ReadonlyArray<ToolDefinition> =>
  Effect.runSync(
    joinToolboxes(lists.map((tools) => ({ list: Effect.succeed(tools), call: () => Effect.succeed(textResult("")) })))
      .list
  )

const tool = (
  source: string,
  name: string,
  description: string,
  text?: string,
  annotations: ToolDefinition["annotations"] = {}
): ToolDefinition => ({
  name,
  originalName: name,
  description,
  inputSchema:
    text === undefined
      ? { type: "object" }
      : { type: "object", properties: { [text]: { type: "string" } }, required: [text] },
  annotations,
  runBy: { _tag: "Host", source },
  isTrusted: true
})

const twins = join(from("local", toolsOf("everything")), from("remote", toolsOf("everything")))

const callsFor = (tools: ReadonlyArray<ToolDefinition>, sentence: string) =>
  Effect.map(runTurn(model, tools, sentence), ({ calls }) => calls)

const callOne = (tools: ReadonlyArray<ToolDefinition>, sentence: string, name: string, input: object) =>
  Effect.map(callsFor(tools, sentence), (calls) => {
    assert.deepStrictEqual<unknown>(calls, [{ name, input }], sentence)
  })

describe("the exact name of a tool", () => {
  it.effect("calls that tool, wherever it stands and in any letter case", () =>
    Effect.gen(function* () {
      const sum = { a: 1, b: 2 }
      yield* callOne(twins, "remote__get-sum a=1 b=2", "remote__get-sum", sum)
      yield* callOne(twins, "local__get-sum a=1 b=2", "local__get-sum", sum)
      yield* callOne(twins, "REMOTE__Get-Sum a=1 b=2", "remote__get-sum", sum)
      yield* callOne(twins, "please use remote__get-sum to add 1 and 2", "remote__get-sum", sum)
      yield* callOne(twins, 'remote__get-sum {"a":1,"b":2}', "remote__get-sum", sum)
      yield* callOne(twins, "get-sum 1 and 2 on the remote server", "remote__get-sum", sum)
    })
  )

  it.effect("is no part of a value", () =>
    Effect.gen(function* () {
      yield* callOne(twins, "remote__echo hello there", "remote__echo", { message: "hello there" })
      yield* callOne(twins, "call the remote__echo tool with message=hi", "remote__echo", { message: "hi" })
    })
  )

  it.effect("that is longer comes before a shorter one", () =>
    Effect.gen(function* () {
      const tools = [
        tool("a", "list_notes", "List notes"),
        tool("a", "list_notes_archive", "List old notes"),
        tool("a", "search", "Search the web", "query"),
        tool("a", "search_notes", "Search notes", "query")
      ]
      yield* callOne(tools, "list_notes_archive", "list_notes_archive", {})
      yield* callOne(tools, "list_notes", "list_notes", {})
      yield* callOne(tools, "not for list_notes: list_notes_archive", "list_notes_archive", {})
      yield* callOne(tools, 'search notes for "tea"', "search_notes", { query: "tea" })
      yield* callOne(tools, 'search "tea"', "search", { query: "tea" })
    })
  )

  it.effect("counts as the verb of a tool that destroys", () =>
    Effect.gen(function* () {
      const destructive = { destructiveHint: true }
      const tools = [tool("a", "frobnicate_account", "Frobnicates", "account", destructive)]
      yield* callOne(tools, "frobnicate_account account=anna", "frobnicate_account", { account: "anna" })
      yield* callOne(tools, "use frobnicate_account with account=anna", "frobnicate_account", { account: "anna" })
    })
  )

  it.effect("destroys nothing where it is only spoken of", () =>
    Effect.gen(function* () {
      for (const sentence of [
        'what would delete_entities ["Bob"] do?',
        "do not use delete_entities on Bob",
        "don't delete the entities Bob and Carol",
        'never call delete_entities entityNames=["Bob"]',
        "show me delete_entities for Bob",
        "remember that delete_entities took Bob away",
        'write "delete_entities Bob" to a.txt',
        "on memory, how do I delete the entities Bob and Carol?"
      ]) {
        const calls = yield* callsFor(exampleTools(), sentence)
        assert.isTrue(
          calls.every(({ name }) => !name.startsWith("delete")),
          sentence
        )
      }
    })
  )

  it.effect("of one word is an ordinary word in the midst of a sentence", () =>
    Effect.gen(function* () {
      const tools = [tool("a", "echo", "Echoes", "message"), tool("a", "search_notes", "Search notes", "query")]
      yield* callOne(tools, "search the notes about echo", "search_notes", { query: "echo" })
    })
  )

  it.effect("is a new command where an answer was asked for", () =>
    Effect.gen(function* () {
      const asked = yield* askModel(model, twins, [textMessage("user", "remote__echo")])
      assert.deepStrictEqual(
        asked.content.map(({ type }) => type),
        ["text"]
      )
      const next = (text: string) =>
        askModel(model, twins, [
          textMessage("user", "remote__echo"),
          { role: "assistant", content: asked.content },
          textMessage("user", text)
        ])
      const calls = (yield* next("remote__get-sum a=1 b=2")).content.flatMap((block) =>
        block.type === "tool_use" ? [block.name] : []
      )
      assert.deepStrictEqual(calls, ["remote__get-sum"])
    })
  )
})

describe("the name of a source", () => {
  it.effect("decides between tools that are equal", () =>
    Effect.gen(function* () {
      for (const source of ["local", "remote"]) {
        for (const sentence of [
          `use the ${source} server to add 2 and 3`,
          `on ${source} add 2 and 3`,
          `with ${source}, add 2 and 3`,
          `${source} add 2 and 3`,
          `${source.toUpperCase()}: add 2 and 3`,
          `please add 2 and 3 on ${source}`,
          `use the ${source} server, add 2 and 3`,
          `add 2 and 3 using the ${source} server`
        ]) {
          yield* callOne(twins, sentence, `${source}__get-sum`, { a: 2, b: 3 })
        }
      }
    })
  )

  it.effect("is no part of a value", () =>
    Effect.gen(function* () {
      for (const sentence of [
        "use the remote server to echo hello",
        "remote echo hello",
        "on remote, echo hello",
        "echo hello on the remote server"
      ]) {
        yield* callOne(twins, sentence, "remote__echo", { message: "hello" })
      }
    })
  )

  it.effect("does not beat a clearly better tool of another source", () =>
    Effect.gen(function* () {
      const tools = [
        tool("files", "search_text", "Search the text of files", "query"),
        tool("notes", "list_notes", "List all notes"),
        tool("disk", "count_files", "Count the files")
      ]
      yield* callOne(tools, "count files", "count_files", {})
      yield* callOne(tools, "list all notes about files", "list_notes", {})
    })
  )
})

describe("a greeting before a question", () => {
  it.effect("does not change the answer", () =>
    Effect.gen(function* () {
      const { text } = yield* runTurn(model, twins, "what can you do?")
      for (const sentence of [
        "Hello! What tools do you have available?",
        "hi, what can you do?",
        "which tools are there?"
      ]) {
        const answer = yield* runTurn(model, twins, sentence)
        assert.deepStrictEqual(answer.calls, [])
        assert.strictEqual(answer.text, text, sentence)
      }
    })
  )
})
