import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, startFxLlm } from "@signalbox/testing"
import { formFields } from "../src/chat/questions/formField.ts"
import { makePlace, type Terminal, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
const controlC = "\u0003"

const asks = (question: string) => ({ toolCalls: [{ name: "ask", input: { question } }] })

/** A chat with a server that asks back; each question is a turn of its own, ended by a text. */
const withQuestions = async (
  questions: ReadonlyArray<string>,
  talk: (terminal: Terminal, answers: () => ReadonlyArray<unknown>) => Promise<void>
) => {
  await using place = await makePlace()
  const script = questions.flatMap((question, index) => [asks(question), { text: `Turn ${index} is over.` }])
  await using fxLlm = await startFxLlm({ script })
  const log = place.file("log")
  place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "ask", log }) } })
  const terminal = place.startOnTerminal(["chat"], env)
  await terminal.sees("you ›")
  const answers = () => readFxMcpLog(log).flatMap((event) => (event.event === "response" ? [event.arguments] : []))
  await talk(terminal, answers)
  await terminal.sees("you ›")
  assert.strictEqual((await terminal.leave()).code, 0)
  assert.deepStrictEqual(await place.servers(), [])
}

describe("a server that asks the person at the terminal", () => {
  it("gets a form that was filled in field by field, with its default, and only after a yes", () =>
    withQuestions(["elicitation", "elicitation"], async (terminal, answers) => {
      terminal.press("go\r")
      await terminal.sees("fx asks: What is your name?")
      await terminal.sees("name (a text):")
      terminal.press("\r")
      await terminal.sees("It needs a value")
      await terminal.sees("name (a text):")
      terminal.press("Ada\r")
      await terminal.sees("colour (a text; Enter: green):")
      terminal.press("\r")
      await terminal.sees("Send this to fx? [Y/n]")
      assert.deepStrictEqual(answers(), [])
      terminal.press("\r")
      await terminal.sees("Turn 0 is over.")
      assert.deepStrictEqual(answers(), [{ action: "accept", content: { name: "Ada", colour: "green" } }])
      terminal.press("again\r")
      await terminal.sees("name (a text):")
      terminal.press("Eve\r")
      await terminal.sees("Enter: green):")
      terminal.press("red\r")
      await terminal.sees("Send this to fx?")
      terminal.press("n\r")
      await terminal.sees("Turn 1 is over.")
      assert.deepStrictEqual(answers()[1], { action: "decline" })
    }))

  it("is left without an answer by Ctrl-C, and the turn goes on", () =>
    withQuestions(["elicitation", "url"], async (terminal, answers) => {
      terminal.press("go\r")
      await terminal.sees("name (a text):")
      terminal.press(controlC)
      await terminal.sees("Turn 0 is over.")
      assert.deepStrictEqual(answers(), [{ action: "cancel" }])
      await terminal.sees("you ›")
      terminal.press("go on\r")
      await terminal.sees("https://example.com/sign-in")
      await terminal.sees("if you trust example.com")
      await terminal.sees("Do you go there? [y/N]")
      terminal.press("y\r")
      await terminal.sees("Turn 1 is over.")
      assert.deepStrictEqual(answers()[1], { action: "accept" })
    }))

  it("may use the model after one yes in a conversation, which then has no tools", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [
        asks("sampling"),
        { text: "Coal." },
        { text: "First." },
        asks("sampling"),
        { text: "Steam." },
        { text: "Second." }
      ]
    })
    const log = place.file("log")
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "ask", log }) } })
    const terminal = place.startOnTerminal(["chat"], env)
    await terminal.sees("you ›")
    terminal.press("go\r")
    await terminal.sees("fx wants the model fx-model to answer (at most 16 tokens):")
    await terminal.sees("user: Say one word.")
    await terminal.sees("in this conversation? [y/N]")
    terminal.press("y\r")
    await terminal.sees("First.")
    await terminal.sees("you ›")
    terminal.press("again\r")
    await terminal.sees("Second.")
    const told = readFxMcpLog(log).flatMap((event) =>
      event.event === "response" ? [JSON.stringify(event.arguments)] : []
    )
    assert.strictEqual(told.length, 2)
    assert.include(told[0], "Coal.")
    assert.include(told[1], "Steam.")
    assert.notInclude(fxLlm.requests[1]?.rawBody ?? "", '"tools"')
    await terminal.sees("you ›")
    assert.strictEqual((await terminal.leave()).code, 0)
  })
})

describe("a server that asks where nobody sits at a terminal", () => {
  it("is declined at once, in a single question and with --json", async () => {
    for (const args of [
      ["chat", "go"],
      ["chat", "go", "--json"]
    ]) {
      await using place = await makePlace()
      await using fxLlm = await startFxLlm({ script: [asks("elicitation"), { text: "Well." }] })
      place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "ask" }) } })
      const ended = await place.run(args, { env })
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.include(ended.stdout, "Well.")
    }
  })
})

const fieldOf = (schema: Record<string, unknown>) => {
  const [field] = formFields({ type: "object", properties: { it: schema } })
  assert.isDefined(field)
  return field
}

describe("the fields of a form", () => {
  const cases: ReadonlyArray<readonly [title: string, schema: Record<string, unknown>, typed: string, value: unknown]> =
    [
      ["a whole number", { type: "integer", minimum: 1, maximum: 9 }, "7", 7],
      ["a number below the least", { type: "integer", minimum: 1 }, "0", undefined],
      ["a number with a fraction where none may be", { type: "integer" }, "1.5", undefined],
      ["a fraction", { type: "number" }, "1.5", 1.5],
      ["a yes", { type: "boolean" }, "Yes", true],
      ["neither yes nor no", { type: "boolean" }, "perhaps", undefined],
      ["a choice by its number", { type: "string", enum: ["red", "blue"] }, "2", "blue"],
      ["a choice by its name", { type: "string", enum: ["r", "b"], enumNames: ["Red", "Blue"] }, "blue", "b"],
      ["a choice with a title", { type: "string", oneOf: [{ const: "r", title: "Red" }] }, "red", "r"],
      ["no choice", { type: "string", enum: ["red"] }, "green", undefined],
      ["several choices", { type: "array", items: { enum: ["a", "b", "c"] } }, "1, c", ["a", "c"]],
      ["too many choices", { type: "array", maxItems: 1, items: { enum: ["a", "b"] } }, "a, b", undefined],
      ["an address", { type: "string", format: "email" }, "ada@example.com", "ada@example.com"],
      ["what is no address", { type: "string", format: "email" }, "ada", undefined],
      ["a date", { type: "string", format: "date" }, "2026-11-30", "2026-11-30"],
      ["a day that does not exist", { type: "string", format: "date" }, "2026-13-30", undefined],
      ["a text that is too short", { type: "string", minLength: 3 }, "ab", undefined]
    ]
  for (const [title, schema, typed, value] of cases) {
    it(`read ${title}`, () => {
      const read = fieldOf(schema).read(typed)
      if (value === undefined) assert.property(read, "problem")
      else assert.deepStrictEqual(read, { value })
    })
  }
})
