import { LanguageModel, type Message, textMessage, textOf } from "@signalbox/model"
import { offlineModel } from "@signalbox/model/offline"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import { askModel, exampleTools, servers } from "./corpus.ts"

const model = offlineModel()
const tools = exampleTools()

const callsOf = (message: { readonly content: Message["content"] }) =>
  message.content.flatMap((block) => (block.type === "tool_use" ? [{ name: block.name, input: block.input }] : []))

/** A tool as small as it can be, with the given schema. */
const toolWith = (name: string, description: string, inputSchema: Readonly<Record<string, unknown>>) => ({
  name,
  originalName: name,
  description,
  inputSchema: { type: "object", ...inputSchema },
  annotations: {},
  runBy: { _tag: "Host" as const, source: "test" },
  isTrusted: true
})

/** Says one thing after the other; tool calls are answered with `result`. Gives the last reply and all messages. */
const converse = (texts: ReadonlyArray<string>, result = "fine", isError = false) =>
  Effect.gen(function* () {
    const messages: Array<Message> = []
    let last: Message = textMessage("assistant", "")
    const calls: Array<ReturnType<typeof callsOf>[number]> = []
    for (const text of texts) {
      messages.push(textMessage("user", text))
      for (;;) {
        const reply = yield* askModel(model, tools, messages)
        last = { role: "assistant", content: reply.content }
        messages.push(last)
        const uses = reply.content.filter((block) => block.type === "tool_use")
        if (uses.length === 0) break
        calls.push(...callsOf(last))
        const content = uses.map(({ id }) => ({
          type: "tool_result" as const,
          tool_use_id: id,
          content: [{ type: "text" as const, text: result }],
          is_error: isError
        }))
        messages.push({ role: "user", content })
      }
    }
    return { text: textOf(last.content), calls, messages }
  })

describe("talking to the offline model", () => {
  it.effect("it says what can be done, by source, that it is no language model, and how to connect one", () =>
    Effect.gen(function* () {
      const { text } = yield* converse(["What can you do?"])
      for (const server of servers.slice(0, 3)) assert.include(text, `${server}:`)
      assert.include(text, "no language model")
      assert.include(text, "ANTHROPIC_API_KEY")
      assert.include(text, "--model")
    })
  )

  it.effect("the examples that it gives lead to the tools that they are made from", () =>
    Effect.gen(function* () {
      const { text } = yield* converse(["help"])
      const examples = [...text.matchAll(/^ {2}(.+)$/gm)].map((match) => match[1] ?? "")
      assert.isAtLeast(examples.length, 5)
      for (const example of examples) {
        const { calls } = yield* converse([example])
        assert.lengthOf(calls, 1, example)
        const name = (calls[0]?.name ?? "").replaceAll(/[_-]/g, " ")
        assert.isTrue(example.startsWith(name), `${example} called ${name}`)
      }
    })
  )

  it.effect("it is short with a greeting and honest about what it is", () =>
    Effect.gen(function* () {
      assert.isBelow((yield* converse(["hello"])).text.length, 80)
      assert.include((yield* converse(["who are you?"])).text, "no language model")
      assert.include((yield* converse(["how do I connect a real model?"])).text, "OPENROUTER_API_KEY")
    })
  )

  it.effect("where nothing fits it calls nothing and offers the three nearest tools", () =>
    Effect.gen(function* () {
      const { calls, text } = yield* converse(["make me a sandwich"])
      assert.deepStrictEqual(calls, [])
      assert.include(text, "no tool")
      assert.lengthOf([...text.matchAll(/^ {2}\S/gm)], 3)
    })
  )

  it.effect("it asks for what is missing and takes the next text as the answer", () =>
    Effect.gen(function* () {
      const { calls, messages } = yield* converse(["write something to a file", "it's copy.txt", "hello world"])
      assert.deepStrictEqual(calls, [{ name: "write_file", input: { path: "copy.txt", content: "hello world" } }])
      assert.match(textOf(messages[1]?.content ?? []), /What should "path" be for write_file\?$/)
    })
  )

  it.effect("a new command instead of an answer is carried out", () =>
    Effect.gen(function* () {
      const { calls } = yield* converse(["make a new folder", "list the files here"])
      assert.deepStrictEqual(calls, [{ name: "list_directory", input: { path: "." } }])
      const edit = yield* converse(["read a file", 'in a.txt replace "x" with "y"'])
      assert.deepStrictEqual(
        edit.calls.map(({ name }) => name),
        ["edit_file"]
      )
      assert.include((yield* converse(["make a new folder", "never mind"])).text, "nothing was called")
    })
  )

  it.effect("it goes on with the parts after the one that it had to ask about", () =>
    Effect.gen(function* () {
      const { calls } = yield* converse(["make a new folder, then read notes.txt", "drafts"])
      assert.deepStrictEqual(
        calls.map(({ input }) => input),
        [{ path: "drafts" }, { path: "notes.txt" }]
      )
    })
  )

  it.effect('"it" is the result of the step before, also of an earlier turn', () =>
    Effect.gen(function* () {
      const { calls } = yield* converse(["read notes.txt", "write it to copy.txt"], "42 apples")
      assert.deepStrictEqual(calls[1], { name: "write_file", input: { path: "copy.txt", content: "42 apples" } })
    })
  )

  it.effect("it speaks of a call that was approved afterwards as one that ran", () =>
    Effect.gen(function* () {
      const { messages } = yield* converse(["read notes.txt"], "Not run: it was waiting for approval.", true)
      const [question, call, waited] = messages
      const [use] = call?.content.filter((block) => block.type === "tool_use") ?? []
      if (question === undefined || call === undefined || waited === undefined || use === undefined)
        return assert.fail("no tool was called")
      const again = { ...use, id: `${use.id}_again` }
      const content = [{ type: "text" as const, text: "42 apples" }]
      const reply = yield* askModel(model, tools, [
        question,
        call,
        waited,
        { role: "assistant", content: [again] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: again.id, content }] }
      ])
      assert.strictEqual(textOf(reply.content), "42 apples")
    })
  )

  it.effect("it says of what a hook refuses that nobody can approve it", () =>
    Effect.gen(function* () {
      const { text } = yield* converse(
        ["read notes.txt"],
        "HOOK_REFUSED: Refused by the hook before-tool guard.mjs",
        true
      )
      assert.include(text, "A hook of the configuration does not allow this")
      assert.notInclude(text, "approve it")
    })
  )

  it.effect("it does not go on with what needs the result of a step that failed", () =>
    Effect.gen(function* () {
      const { calls, text } = yield* converse(["read gone.txt then write it to copy.txt"], "ENOENT: no such file", true)
      assert.lengthOf(calls, 1)
      assert.include(text, "failed: ENOENT")
      assert.include(text, "did not go on")
    })
  )

  it.effect("several requests in one text are done one after the other", () =>
    Effect.gen(function* () {
      const { calls, text } = yield* converse(["1. create a folder called a\n2. read b.txt\n3. add 1 and 2"])
      assert.deepStrictEqual(
        calls.map(({ name }) => name),
        ["create_directory", "read_text_file", "get-sum"]
      )
      assert.include(text, "get-sum:\nfine")
    })
  )

  it.effect("quoted words are no commands", () =>
    Effect.gen(function* () {
      const { calls } = yield* converse(['write "read a; then delete b" to c.txt'])
      assert.deepStrictEqual(calls, [
        { name: "write_file", input: { path: "c.txt", content: "read a; then delete b" } }
      ])
    })
  )

  it.effect("a question never changes anything, and only a word for deleting deletes", () =>
    Effect.gen(function* () {
      const destructive = new Set(
        tools.filter(({ annotations }) => annotations.destructiveHint).map(({ name }) => name)
      )
      for (const text of [
        "what would delete the entities Bob and Carol?",
        "show me the entity Bob",
        "read graph delete",
        "look at notes.txt",
        "how do I move a.txt to b.txt?"
      ]) {
        const { calls } = yield* converse([text])
        assert.isTrue(
          calls.every(({ name }) => !destructive.has(name)),
          text
        )
      }
    })
  )
})

describe("what is too much for the offline model", () => {
  it.effect("is declined whole, never done by half", () =>
    Effect.gen(function* () {
      const long = yield* converse([`write "${"x".repeat(9000)}" to a.txt`])
      assert.deepStrictEqual(long.calls, [])
      assert.include(long.text, "too long for me")
      const many = yield* converse(["read a.txt then ".repeat(13)])
      assert.deepStrictEqual(many.calls, [])
      assert.include(many.text, "more steps than I do at once")
    })
  )
})

describe("what the offline model reads back", () => {
  it.effect("JSON comes as short lines", () =>
    Effect.gen(function* () {
      const json = JSON.stringify({ items: [{ name: "a", size: 1 }], more: { next: null }, tags: ["x", "y"], rest: [] })
      const { text } = yield* converse(["read graph"], json)
      assert.strictEqual(text, "items:\n  - name: a, size: 1\nmore:\n  next: none\ntags: x, y\nrest: none")
    })
  )

  it.effect("a long result is cut and says by how much, an empty one is done", () =>
    Effect.gen(function* () {
      const { text } = yield* converse(["read graph"], "x".repeat(7000))
      assert.isBelow(text.length, 6200)
      assert.include(text, "1,000 more characters")
      assert.include((yield* converse(["read graph"], "")).text, "Done: read_graph.")
    })
  )

  it.effect("an error comes with what to try next", () =>
    Effect.gen(function* () {
      const { text } = yield* converse(["read gone.txt"], "Access denied - path outside allowed directories", true)
      assert.include(text, "Access denied")
      assert.include(text, "inside what it shares")
    })
  )
})

const call = (tool: ReturnType<typeof toolWith>, sentence: string) =>
  Effect.map(askModel(model, [tool], [textMessage("user", sentence)]), (reply) => callsOf(reply)[0]?.input)

describe("a question about a tool without annotations", () => {
  const close = toolWith("close_account", "Close the account", {})
  const get = toolWith("get_account", "Get the account", {})

  const ask = (text: string) => Effect.map(askModel(model, [close, get], [textMessage("user", text)]), callsOf)

  it.effect("leads to one that looks, never to one that acts", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* ask("how do I close the account?")).filter(({ name }) => name === "close_account"),
        []
      )
      assert.deepStrictEqual(yield* ask("close the account"), [{ name: "close_account", input: {} }])
    })
  )
})

describe("arguments by schema", () => {
  it.effect("dates are counted from the clock", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 20, 9))
      const tool = toolWith("create_reminder", "Create a reminder for a day", {
        properties: { day: { type: "string", format: "date" } },
        required: ["day"]
      })
      for (const [said, day] of [
        ["tomorrow", "2026-11-21"],
        ["next Monday", "2026-11-23"],
        ["on 3 May", "2027-05-03"],
        ["in two weeks", "2026-12-04"],
        ["on 2026-12-24", "2026-12-24"]
      ] as const) {
        assert.deepStrictEqual(yield* call(tool, `create a reminder ${said}`), { day }, said)
      }
    })
  )

  it.effect("numbers that the schema wants as text stay text", () =>
    Effect.gen(function* () {
      const tool = toolWith("get_order", "Get an order", {
        properties: { order: { type: "string" } },
        required: ["order"]
      })
      assert.deepStrictEqual(yield* call(tool, "get order=0042"), { order: "0042" })
    })
  )

  it.effect("references, unions and JSON in the text are understood", () =>
    Effect.gen(function* () {
      const tool = toolWith("create_ticket", "Create a ticket", {
        $defs: { person: { type: "object", properties: { email: { type: "string" } }, required: ["email"] } },
        properties: {
          owner: { anyOf: [{ $ref: "#/$defs/person" }, { type: "string" }] },
          priority: { enum: ["low", "high"] },
          labels: { type: "array", items: { type: "string" } }
        },
        required: ["owner", "priority"]
      })
      assert.deepStrictEqual(yield* call(tool, "create a ticket with high priority for anna@example.com"), {
        owner: { email: "anna@example.com" },
        priority: "high"
      })
      assert.deepStrictEqual(
        yield* call(tool, 'create ticket {"owner":{"email":"b@example.com"},"priority":"low","labels":["x"]}'),
        { owner: { email: "b@example.com" }, priority: "low", labels: ["x"] }
      )
    })
  )

  it.effect("a tool that takes one path is called once for each path that is named", () =>
    Effect.gen(function* () {
      const tool = toolWith("read_file", "Read a file", {
        properties: { path: { type: "string" } },
        required: ["path"]
      })
      const reply = yield* askModel(model, [tool], [textMessage("user", "read a.txt and b.txt")])
      assert.deepStrictEqual(
        callsOf(reply).map(({ input }) => input),
        [{ path: "a.txt" }, { path: "b.txt" }]
      )
    })
  )

  it.effect("a schema that refers to itself is no trap", () =>
    Effect.gen(function* () {
      const tool = toolWith("create_node", "Create a node", {
        $defs: { node: { type: "object", properties: { child: { $ref: "#/$defs/node" } }, required: ["child"] } },
        properties: { node: { $ref: "#/$defs/node" } },
        required: ["node"]
      })
      const reply = yield* askModel(model, [tool], [textMessage("user", "create a node")])
      assert.strictEqual(reply.stop_reason, "end_turn")
    })
  )
})

describe("the offline model as a language model", () => {
  const request = { model: "", system: [], messages: [textMessage("user", "read notes.txt")], tools, maxTokens: 100 }

  it.effect("streams its text in words and counts no tokens", () =>
    Effect.gen(function* () {
      const hello = { ...request, messages: [textMessage("user", "hello")] }
      const events = yield* Stream.runCollect(model.stream(hello))
      assert.isAbove(events.filter(({ type }) => type === "content_block_delta").length, 5)
      assert.deepStrictEqual((yield* model.generate(hello)).usage, { input_tokens: 0, output_tokens: 0 })
    })
  )

  it.effect("calls nothing when it must not, and the tool that it must", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(callsOf(yield* model.generate({ ...request, toolChoice: { type: "none" } })), [])
      const forced = yield* model.generate({ ...request, toolChoice: { type: "tool", name: "get_file_info" } })
      assert.deepStrictEqual(callsOf(forced), [{ name: "get_file_info", input: { path: "notes.txt" } }])
    })
  )

  it.effect("gives the same reply to the same conversation, through the service too", () =>
    Effect.gen(function* () {
      const provided = yield* Effect.gen(function* () {
        return yield* (yield* LanguageModel).generate(request)
      }).pipe(Effect.provide(LanguageModel.layer(offlineModel())))
      assert.deepStrictEqual(provided, yield* model.generate(request))
    })
  )
})
