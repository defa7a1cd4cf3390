import { assert, describe, it } from "@effect/vitest"
import { existsSync, writeFileSync } from "node:fs"
import { makePlace, type Place } from "./support.ts"

const calls = [
  { name: "Bash", arguments: { command: "npm test" } },
  { name: "Bash", arguments: { command: "npm test" } },
  { name: "Bash", arguments: { command: "touch made.txt" } },
  { name: "Bash", arguments: { command: "ls -la" } },
  { name: "Bash", arguments: { command: "date" } },
  { tool: "Edit", input: { file_path: "a.txt", old_string: "a", new_string: "b" } },
  { name: "Read", arguments: { file_path: "a.txt" } },
  { name: "WebFetch", arguments: { url: "https://example.com/page" } },
  { name: "fx__echo", arguments: { text: "hi" } },
  { name: "fx__add", arguments: { a: 1, b: 2 } },
  // What is no call is passed over.
  { type: "user_message", content: [] }
]

const linesOf = (records: ReadonlyArray<object>): string =>
  `${records.map((record) => JSON.stringify(record)).join("\n")}\n`

/** The present configuration, another one, and calls. */
const prepare = (place: Place): void => {
  const fx = place.server({ tools: "echo" })
  const enabled = ["Read", "Edit", "Bash", "WebFetch"]
  place.configure({
    tools: { enabled, commands: { allow: ["ls", "npm test"] } },
    conversation: { approval: { mode: "auto" } },
    servers: { fx }
  })
  const next = {
    extends: "preset:default@1",
    tools: {
      enabled: ["Edit", "Bash", "WebFetch"],
      paths: { roots: [], readOnlyRoots: ["."] },
      urls: { allowHosts: ["example.org"] },
      commands: { allow: ["ls", "date"], deny: ["touch"] }
    },
    conversation: { approval: { mode: "auto", rules: [{ tool: "fx__echo", decision: "ask" }] } },
    servers: { fx: { ...fx, tools: { deny: ["add"] } } }
  }
  writeFileSync(place.file("new.json"), JSON.stringify(next))
  writeFileSync(place.file("calls.jsonl"), linesOf(calls))
}

/** A call as a conversation keeps it. */
const record = (session: string, id: number, command: string) => ({
  schema_version: 2,
  id: `${session}-${id}`,
  conversation_id: session,
  seq: id,
  timestamp: "2026-01-01T00:00:00Z",
  type: "tool_call",
  role: "assistant",
  tool_call_id: `call-${id}`,
  name: "Bash",
  arguments: { command }
})

describe("policy try", () => {
  it("says of each call what another configuration would do with it, and runs none", async () => {
    await using place = await makePlace()
    prepare(place)
    const args = ["policy", "try", "new.json", "--log", "calls.jsonl"]
    const [shown, strict] = await Promise.all([place.run(args), place.run([...args, "--fail-on-change", "--json"])])
    assert.strictEqual(shown.code, 0, shown.stderr)
    for (const line of [
      /^allowed → asked +2× +Bash +npm test +npm is not among the allowed commands$/m,
      /^asked → refused +1× +Bash +touch made\.txt +touch is not allowed$/m,
      // What was said against it before says nothing of what becomes of it now.
      /^asked → allowed +1× +Bash +date *$/m,
      /^allowed → refused +1× +Edit .* its folder may be read only$/m,
      /^allowed → absent +1× +Read +a\.txt +it is switched off \(tools\.enabled\)$/m,
      /^allowed → refused +1× +WebFetch +https:\/\/example\.com\/page +example\.com is not among the allowed hosts$/m,
      /^allowed → asked +1× +fx__echo +hi +rule 1 \(fx__echo\) says ask$/m,
      /^allowed → absent +1× +fx__add .* servers\.fx\.tools does not have it$/m
    ])
      assert.match(shown.stdout, line)
    assert.include(shown.stdout, "10 calls, 9 of them changed: 3 allowed → asked")
    assert.notInclude(shown.stdout, "ls -la")
    assert.strictEqual(strict.code, 1)
    assert.strictEqual(strict.json().error_code, "POLICY_CHANGES")
    assert.deepInclude(strict.json().data, { calls: 10, changed: 9 })
    assert.deepInclude(strict.json().data.counts, { before: "allow", after: "absent", calls: 2 })
    assert.isFalse(existsSync(place.file("made.txt")))
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("takes the calls of conversations that are kept, and judges them by the present alone", async () => {
    await using place = await makePlace()
    prepare(place)
    const kept = [record("one", 1, "ls"), record("one", 2, "rm a"), record("two", 1, "sudo ls")]
    writeFileSync(place.file("events.jsonl"), linesOf(kept))
    const imported = await place.run(["history", "import", "events.jsonl"])
    assert.strictEqual(imported.code, 0, imported.stderr)
    const all = await place.run(["policy", "try"])
    assert.include(all.stdout, "3 calls: 1 allowed, 1 asked, 1 refused", all.stderr)
    const one = await place.run(["policy", "try", "--session", "one", "--fail-on-change"])
    assert.strictEqual(one.code, 0, one.stderr)
    assert.include(one.stdout, "2 calls: 1 allowed, 1 asked")
  })

  it("names the line of a log that is none", async () => {
    await using place = await makePlace()
    prepare(place)
    writeFileSync(place.file("bad.jsonl"), '{"name":"Read"}\nnone\n')
    const bad = await place.run(["policy", "try", "--log", "bad.jsonl"])
    assert.strictEqual(bad.code, 65)
    assert.include(bad.stderr, "bad.jsonl:2")
  })
})
