import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll } from "vitest"
import { makePlace, type Place } from "./support.ts"

let place: Place

beforeAll(async () => {
  place = await makePlace()
  place.configure({ servers: { fx: place.server(), other: place.server({ items: 2, log: place.file("other.log") }) } })
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

describe("prompts", () => {
  it("are listed with their servers and arguments", async () => {
    const [text, json, one] = await Promise.all([
      place.run(["prompts", "list"]),
      place.run(["prompts", "list", "--json"]),
      place.run(["prompts", "list", "--server", "fx"])
    ])
    assert.strictEqual(text.code, 0, text.stderr)
    assert.match(text.stdout, /^fx__greet +fx +name +Greets someone\.$/m)
    assert.match(text.stdout, /^greet_2 +other +name +/m)
    assert.deepStrictEqual(json.json().data[1], {
      name: "other__greet",
      server: "other",
      original_name: "greet",
      title: null,
      description: "Greets someone.",
      arguments: [{ name: "name", description: null, required: true }]
    })
    assert.match(one.stdout, /^greet +fx /)
  })

  it("are filled in by server and name, which starts only that server", async () => {
    const applied = await place.run(["prompts", "apply", "fx", "greet", "name=Ada", "--json"])
    assert.strictEqual(applied.code, 0, applied.stderr)
    assert.deepStrictEqual(applied.json().data, {
      name: "fx__greet",
      server: "fx",
      original_name: "greet",
      description: null,
      messages: [{ role: "user", content: [{ type: "text", text: "Say hello to Ada." }] }]
    })
    const [text, json] = await Promise.all([
      place.run(["prompts", "get", "fx__greet", "name=42"]),
      place.run(["prompts", "get", "other__greet", '{"name": 42}'])
    ])
    assert.strictEqual(text.stdout, "user: Say hello to 42.\n")
    assert.strictEqual(json.stdout, text.stdout)
  })

  it("may be files, of the project or of the user", async () => {
    mkdirSync(place.file(".signalbox/commands"), { recursive: true })
    writeFileSync(place.file(".signalbox/commands/review.md"), "---\nargument-hint: [path]\n---\nReview <$1> for $2.")
    const [text, json, applied] = await Promise.all([
      place.run(["prompts", "list"]),
      place.run(["prompts", "list", "--json"]),
      place.run(["prompts", "apply", "review", "the parser", "speed"])
    ])
    assert.match(text.stdout, /^review +project +\[path\] +Review <\$1> for \$2\.$/m)
    assert.match(text.stdout, /^fx__greet +fx /m)
    assert.deepInclude(json.json().data[0], { name: "review", argument_hint: "[path]" })
    assert.strictEqual(applied.stdout, "user: Review <the parser> for speed.\n", applied.stderr)
    rmSync(place.file(".signalbox"), { recursive: true })
  })

  it("say what is missing and what was meant, as wrong usage and as not found", async () => {
    const [missing, unknown, word] = await Promise.all([
      place.run(["prompts", "get", "fx", "greet", "--json"]),
      place.run(["prompts", "get", "greet_3", "name=Ada"]),
      place.run(["prompts", "get", "fx", "greet", "Ada", "name=x"])
    ])
    assert.deepStrictEqual([missing.code, missing.json().error_code], [2, "PROMPT_ARGUMENTS_MISSING"])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'Did you mean "greet_2"?')
    assert.strictEqual(word.code, 2)
  })

  it("that are not there are told by the names that were typed", async () => {
    const ended = await place.run(["prompts", "get", "other", "greet_3", "name=Ada", "--json"])
    const { error, error_code } = ended.json()
    assert.strictEqual(ended.code, 1)
    assert.strictEqual(error_code, "PROMPT_NOT_FOUND")
    assert.include(error?.message, 'Server "other" has no prompt "greet_3". Did you mean "greet_2"?')
  })
})

describe("resources", () => {
  it("are listed with their templates", async () => {
    const [text, json] = await Promise.all([
      place.run(["resources", "list"]),
      place.run(["resources", "list", "--server", "fx", "--json"])
    ])
    assert.strictEqual(text.code, 0, text.stderr)
    assert.match(text.stdout, /^fx::fx:\/\/status +fx +text\/plain +status$/m)
    assert.match(text.stdout, /^fx:\/\/item\/2 +other /m)
    assert.match(text.stdout, /^fx:\/\/item\/\{id\} +other /m)
    assert.deepInclude(json.json().data.resources[0], { uri: "fx://status", server: "fx", size_bytes: null })
    assert.deepInclude(json.json().data.templates[0], { uri_template: "fx://item/{id}" })
  })

  it("are read as text, as JSON and into a file", async () => {
    const out = place.file("status.txt")
    const [unique, pair, qualified, json, file] = await Promise.all([
      place.run(["resources", "read", "fx://item/2"]),
      place.run(["resources", "read", "fx", "fx://item/7"]),
      place.run(["resources", "read", "other::fx://status"]),
      place.run(["resources", "read", "fx", "fx://status", "--json"]),
      place.run(["resources", "read", "fx", "fx://status", "--out", out])
    ])
    assert.deepStrictEqual(
      [unique, pair, qualified].map(({ stdout }) => stdout),
      ["item 2", "item 7", "online"]
    )
    assert.deepStrictEqual(json.json().data, {
      server: "fx",
      uri: "fx://status",
      contents: [{ uri: "fx://status", mime_type: "text/plain", text: "online" }]
    })
    assert.strictEqual(readFileSync(out, "utf8"), "online")
    assert.strictEqual(file.stdout, "")
  })

  it("that are bytes need a file, and come into it as they are", async () => {
    const out = place.file("pixel.png")
    const [printed, written] = await Promise.all([
      place.run(["resources", "read", "fx", "fx://pixel"]),
      place.run(["resources", "read", "fx", "fx://pixel", "--out", out, "--json"])
    ])
    assert.strictEqual(printed.code, 2)
    assert.include(printed.stderr, "--out FILE")
    assert.strictEqual(written.code, 0, written.stderr)
    assert.strictEqual(readFileSync(out).subarray(1, 4).toString(), "PNG")
    assert.strictEqual(written.json().data.bytes, readFileSync(out).length)
  })
})
