import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { cpSync, existsSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { readCommand } from "../src/chat/commands/readCommand.ts"
import { jsonLines, makePlace, type Place, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789", OPENAI_API_KEY: "sk-canary-0123456789" }

/** A chat of these lines over a model that answers from a script. */
const chat = async (place: Place, lines: ReadonlyArray<string>, args: ReadonlyArray<string> = []) => {
  const ended = await place.run(["chat", ...args], { env, input: `${lines.join("\n")}\n` })
  assert.strictEqual(ended.code, 0, ended.stderr)
  return ended
}

const dataOf = (stdout: string) =>
  jsonLines(stdout).map((line) => {
    // Each test knows the data of its own command.
    // oxlint-disable-next-line typescript/no-explicit-any
    return line["data"] as any
  })

const read = (line: string) => {
  const said = readCommand(line)
  return said._tag === "Words" ? said.text : [said.name, said.argument]
}

/** The names of the tools in a request. */
const toolsIn = (body = "{}"): ReadonlyArray<string> =>
  JSON.parse(body).tools.map(({ name }: { readonly name: string }) => name)

describe("a line", () => {
  it("is a command after one slash, and words otherwise", () => {
    assert.deepStrictEqual(read("/tools files read "), ["tools", "files read"])
    assert.deepStrictEqual(read("/review a\nb"), ["review", "a\nb"])
    assert.deepStrictEqual(read("//help"), "/help")
    assert.deepStrictEqual(read(" /help"), " /help")
    assert.deepStrictEqual(read("/tmp/a.png what is this?"), "/tmp/a.png what is this?")
    assert.deepStrictEqual(read("/etc/passwd"), "/etc/passwd")
    assert.deepStrictEqual(read("and/or"), "and/or")
    assert.deepStrictEqual(read("/ "), ["help", ""])
    assert.deepStrictEqual(read("/?"), ["?", ""])
    assert.deepStrictEqual(read("/ tools"), ["", "tools"])
  })
})

describe("commands of a chat", () => {
  it("show the model, the servers, the tools and the conversation, and send nothing", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: [{ text: "Good day." }] })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "echo" }) } })
    const { stdout } = await chat(place, ["/status", "hello", "/status", "/tools ech", "/servers", "/cost", "/help"])
    assert.lengthOf(fxLlm.requests, 1)
    for (const text of [
      "claude/fx-model",
      "0 turns",
      "1 turn, 2 messages",
      "1 of 1 run",
      "fx",
      "echo",
      "no price known",
      "/model [NAME]"
    ])
      assert.include(stdout, text)
    assert.match(stdout, /\d+ of 32,000 tokens \(\d+ %\)/)
    assert.isBelow(stdout.indexOf("0 turns"), stdout.indexOf("Good day."))
  })

  it("answer with one object each where the output is JSON", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: [{ text: "Good day." }] })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "echo" }) } })
    const { stdout } = await chat(place, ["hello", "/status", "/tools", "/cost", "/hlep", "/exit", "never"], ["--json"])
    const [turn, status, tools, cost, unknown, exit] = jsonLines(stdout)
    assert.lengthOf(jsonLines(stdout), 6)
    assert.deepStrictEqual([turn?.["status"], status?.["status"], exit?.["status"]], ["success", "success", "success"])
    const [, statusData, toolsData, costData] = dataOf(stdout)
    assert.deepStrictEqual([statusData.turns, statusData.messages, statusData.tools], [1, 2, 1])
    assert.deepStrictEqual(toolsData, [{ server: "fx", tool: "echo" }])
    assert.strictEqual(costData[0].requests, 1)
    assert.isDefined(tools)
    assert.isDefined(cost)
    assert.strictEqual(unknown?.["error_code"], "CHAT_COMMAND_UNKNOWN")
    assert.include(JSON.stringify(unknown?.["error"]), "/help")
  })

  it("choose another model for the rest of the conversation, which knows what was said", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    const { stderr, stdout } = await chat(place, [
      "my name is Ada",
      "/model opneai",
      "/model openai/gpt-4o",
      "what is my name",
      "/model claude",
      "and now",
      "/model offline",
      "hello",
      "/cost"
    ])
    assert.include(stderr, 'Did you mean "openai"?')
    assert.include(stderr, "Choose another with /model NAME")
    assert.match(stdout, /^offline +1 +0 +0 +0 +0 +\$0\.0000$/m)
    assert.include(stdout, "openai/gpt-4o")
    assert.deepStrictEqual(
      fxLlm.requests.map(({ rawBody }) => JSON.parse(rawBody ?? "{}").model),
      ["fx-model", "gpt-4o", "fx-model"]
    )
    assert.include(fxLlm.requests[1]?.rawBody, "my name is Ada")
    assert.include(fxLlm.requests[2]?.rawBody, "what is my name")
  })

  it("begin a new conversation, and leave one that is kept as it was", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    const { stdout } = await chat(place, ["my name is Ada", "/clear", "what is my name"], ["--session", "trip"])
    assert.notInclude(fxLlm.requests[1]?.rawBody, "Ada")
    assert.include(stdout, "trip-2")
    const again = await chat(place, ["/status", "/clear", "/fork", "who am I", "/fork"], ["--session", "trip"])
    assert.include(again.stderr, "Going on with trip: 2 messages so far")
    assert.include(again.stdout, "1 turn, 2 messages, 0 tool calls")
    assert.include(again.stdout, "A new conversation: trip-3")
    assert.include(again.stdout, "Nothing was copied: there is nothing in trip-3 yet.")
    assert.include(again.stdout, "You go on in trip-4, a copy")
  })

  it("go back, and two ways, and between conversations of the chat", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    const lines = [
      "my name is Ada",
      "my dog is Rex",
      "/rewind",
      "/fork",
      "/rewind 2",
      "/status",
      "who",
      "/switch trip",
      "/status",
      "and here",
      "/switch",
      "/switch trop",
      "/switch nowhere",
      "/status"
    ]
    const { stderr, stdout } = await chat(place, lines, ["--session", "trip"])
    assert.include(stderr, "Did you mean /switch trip? /switch alone lists")
    assert.match(stderr, /no session "nowhere".*\n→ \/switch alone lists the conversations of this chat\./)
    assert.match(stdout, /1 {2}my name is Ada/)
    for (const text of ["You go on in trip-2, a copy", "1 turn is gone", "You go on with trip: 4 messages so far"])
      assert.include(stdout, text)
    assert.deepStrictEqual(
      [...stdout.matchAll(/So far +(.*)$/gm)].map(([, words]) => words),
      ["1 turn, 2 messages, 0 tool calls", "2 turns, 4 messages, 0 tool calls", "3 turns, 6 messages, 0 tool calls"]
    )
    const [, , who, here] = fxLlm.requests.map(({ rawBody }) => rawBody)
    assert.include(who, "Ada")
    assert.notInclude(who, "Rex")
    assert.include(here, "Rex")
    assert.notInclude(here, "who")
    const { stdout: data } = await chat(
      place,
      ["/rewind 9", "/rewind x", "/clear extra", "/compact", "/fork", "/switch nowhere"],
      ["--json"]
    )
    assert.deepStrictEqual(
      jsonLines(data).map((line) => line["error_code"]),
      ["HISTORY_POINT_NOT_FOUND", "CHAT_COMMAND_INVALID", "CHAT_COMMAND_INVALID", null, null, "SESSION_NOT_FOUND"]
    )
    assert.include(data, "There is no turn 9 in")
  })

  it("send prompts that are files, with the tools that they may use, and list them", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    const hook = { on: "before-tool", command: ["no-such-guard"], timeout: "1 second", whenItFails: "block" }
    place.configure({
      ...upstream("claude", fxLlm.url),
      tools: { enabled: ["Read", "Grep", "LS"] },
      conversation: { hooks: [hook] }
    })
    const example = fileURLToPath(new URL("../examples/chat/.signalbox", import.meta.url))
    cpSync(example, place.file(".signalbox"), { recursive: true })
    const { stderr, stdout } = await chat(place, ["/help", "/explain main.ts", "/explian", "and then"])
    assert.include(stdout, "/explain [file]")
    assert.include(stderr, 'Did you mean "/explain"?')
    assert.match(stderr, /! A hook cannot be asked: .*hooks\.0\.command: there is no program "no-such-guard"/)
    const [prompt, then] = fxLlm.requests
    assert.include(prompt?.lastUserText, "what main.ts is for")
    assert.deepStrictEqual(
      [toolsIn(prompt?.rawBody), toolsIn(then?.rawBody)],
      [
        ["Read", "Grep"],
        ["Read", "Grep", "LS"]
      ]
    )
  })

  it("take back what a built-in tool has changed", async () => {
    await using place = await makePlace()
    const call = { name: "Write", input: { file_path: "a.txt", content: "new\n" } }
    await using fxLlm = await startFxLlm({ script: [{ toolCalls: [call] }, { text: "Written." }] })
    place.configure({ ...upstream("claude", fxLlm.url), tools: { enabled: ["Write"] } })
    const { stderr, stdout } = await chat(place, ["write it", "/undo", "/undo"])
    assert.include(stdout, "a.txt is gone again")
    assert.include(stderr, "NOTHING_TO_UNDO")
    assert.isFalse(existsSync(place.file("a.txt")))
  })

  it("send nothing where they are not known, and literally what begins with two slashes", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    const { stderr } = await chat(place, ["/statsu", "/hlep", "/ who", "/image", "//literally"])
    assert.include(stderr, 'Did you mean "/status"?')
    assert.include(stderr, 'Did you mean "/help"?')
    assert.include(stderr, 'There is no command "/". Nothing was sent.')
    assert.include(stderr, "CHAT_COMMAND_INVALID")
    assert.deepStrictEqual(
      fxLlm.requests.map(({ lastUserText }) => lastUserText),
      ["/literally"]
    )
  })
})

describe("a file that goes along with one question", () => {
  it("is sent before its words, as a picture or a document by what is in it", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    writeFileSync(place.file("a.bin"), "GIF89a and so on")
    writeFileSync(place.file("b.pdf"), "%PDF-1.7 and so on")
    const { code, stderr } = await place.run(["chat", "--image", "a.bin", "--image", "b.pdf", "see a.bin"], { env })
    assert.strictEqual(code, 0, stderr)
    const { messages } = JSON.parse(fxLlm.requests[0]?.rawBody ?? "{}")
    const kinds = messages[0].content.map((block: { readonly type: string; readonly source?: object }) => [
      block.type,
      block.source && "media_type" in block.source ? block.source.media_type : undefined
    ])
    assert.deepStrictEqual(kinds, [
      ["image", "image/gif"],
      ["document", "application/pdf"],
      ["text", undefined]
    ])
  })

  it("ends the program before anything is asked where it cannot be sent", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    writeFileSync(place.file("text.png"), "no picture")
    writeFileSync(
      place.file("large.png"),
      Buffer.concat([Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"), Buffer.alloc(4_000_000)])
    )
    for (const [path, reason] of [
      ["none.png", "there is no such file"],
      ["text.png", "it is neither a picture"],
      ["large.png", "the picture has 4.0 MB"],
      [".", "it is no file"]
    ] as const) {
      const ended = await place.run(["chat", "--image", path, "look", "--json"], { env })
      assert.deepStrictEqual([ended.code, ended.json().error_code], [65, "ATTACHMENT_UNUSABLE"], path)
      assert.include(ended.json().error?.message, reason)
    }
    assert.lengthOf(fxLlm.requests, 0)
  })
})
