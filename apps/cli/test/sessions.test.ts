import { assert, describe, it } from "@effect/vitest"
import { readdirSync, writeFileSync } from "node:fs"
import { makePlace } from "./support.ts"

const record = (n: number) =>
  JSON.stringify({ id: `m${n}`, timestamp: "2025-06-01T10:00:00Z", role: "user", content: "hello" })

describe("conversations with a name", () => {
  it("outlive the program", async () => {
    await using place = await makePlace()
    place.configure({ history: { folder: "kept" } })
    const first = await place.run(["chat", "--session", "trip", "hello there", "--json"])
    assert.strictEqual(first.code, 0, first.stderr)
    const second = await place.run(["chat", "--session", "trip"], { input: "hello again\nquit\n" })
    assert.strictEqual(second.code, 0, second.stderr)
    assert.include(second.stderr, "Going on with trip: 2 messages so far")
    const shown = await place.run(["sessions", "show", "trip", "--json"])
    const types = shown.json().data.events.map((event: { type: string }) => event.type)
    assert.deepStrictEqual(types, ["user_message", "assistant_message", "user_message", "assistant_message"])
    const text = await place.run(["sessions", "show", "trip"])
    assert.match(text.stdout, /you hello there\n/)
    const listed = await place.run(["sessions", "list", "--json"])
    assert.deepInclude(listed.json().data[0], { name: "trip", messages: 4, last_said: "hello again" })
    const unnamed = await place.run(["chat", "not kept"])
    assert.strictEqual(unnamed.code, 0)
    assert.lengthOf((await place.run(["sessions", "list", "--json"])).json().data, 1)
  })

  it("can be counted, made smaller, taken elsewhere and removed", async () => {
    await using place = await makePlace()
    place.configure({ history: { folder: "kept" } })
    await place.run(["chat", "--session", "trip", "hello there"])
    const { by_type, total } = (await place.run(["history", "stats", "--json"])).json().data
    const sums: ReadonlyArray<{ events: number; tokens: number }> = Object.values(by_type)
    assert.strictEqual(
      sums.reduce((sum, { tokens }) => sum + tokens, 0),
      total.tokens
    )
    assert.isAbove(total.tokens, 0)
    const compacted = (await place.run(["history", "compact", "--json"])).json().data
    assert.strictEqual(compacted.conversations, 1)
    assert.isAbove(compacted.bytes_freed, 0)
    assert.strictEqual((await place.run(["history", "compact", "--json"])).json().data.bytes_freed, 0)

    const exported = await place.run(["sessions", "export", "trip"])
    writeFileSync(place.file("trip.jsonl"), exported.stdout)
    const into = ["history", "import", "trip.jsonl", "--session", "copy", "--json"]
    const { imported, rejected } = (await place.run(into)).json().data
    assert.strictEqual(imported, exported.stdout.trimEnd().split("\n").length)
    assert.deepStrictEqual(rejected, [])
    assert.deepInclude((await place.run(into)).json().data, { imported: 0, known: imported })
    const went = await place.run(["chat", "--session", "copy", "and more"])
    assert.strictEqual(went.code, 0, went.stderr)

    const unasked = await place.run(["sessions", "delete", "copy", "--json"])
    assert.deepStrictEqual([unasked.code, unasked.json().error_code], [77, "CONFIRMATION_REQUIRED"])
    assert.include(unasked.json().error?.hint, "--yes")
    const deleted = await place.run(["sessions", "delete", "copy", "--yes"])
    assert.strictEqual(deleted.stdout, "✓ copy is deleted\n", deleted.stderr)
    const gone = await place.run(["sessions", "show", "copy", "--json"])
    assert.strictEqual(gone.code, 1)
    assert.strictEqual(gone.json().error_code, "SESSION_NOT_FOUND")
    assert.deepStrictEqual(
      readdirSync(place.file("kept")).filter((name) => name.endsWith(".jsonl")),
      ["trip.jsonl"]
    )
  })

  it("of older programs are taken in, every record of them", async () => {
    await using place = await makePlace()
    place.configure({ history: { folder: "kept" } })
    const lines = Array.from({ length: 156 }, (_, n) => {
      const shared = {
        id: `e${n}`,
        conversation_id: `c${n % 2}`,
        seq: Math.floor(n / 2) + 1,
        timestamp: "2025-01-01T10:00:00+00:00"
      }
      const kinds = [
        { type: "user_message", role: "user", content: `question ${n}` },
        {
          type: "assistant_message",
          role: "assistant",
          content: "",
          tool_calls: [{ id: `t${n}`, name: "add", arguments: { a: n } }]
        },
        { type: "tool_call", role: "assistant", tool_calls: [{ id: `t${n}`, name: "add", arguments: "{}" }] },
        { type: "tool_result", role: "tool", content: "3", tool_call_id: `t${n}` },
        {
          type: "meta",
          role: "system",
          content: "x",
          extra: { kind: "assistant_delta", user_request_id: `r${n}`, delta_index: 0 }
        },
        { type: "system_update", role: "system", content: "news" }
      ]
      return JSON.stringify({ ...shared, ...kinds[Math.floor(n / 2) % kinds.length] })
    })
    writeFileSync(place.file("events.jsonl"), lines.join("\n"))
    const result = await place.run(["history", "import", "events.jsonl", "--json"])
    assert.deepInclude(result.json().data, { imported: 156, known: 0, rejected: [], conversations: ["c0", "c1"] })
    const partial = (await place.run(["sessions", "show", "c0", "--partial", "--json"])).json().data.partial
    assert.isAbove(partial.length, 0)
  })

  it("are not taken in from a file in which no line is a record, and in part from one with bad lines", async () => {
    await using place = await makePlace()
    place.configure({ history: { folder: "kept" } })
    writeFileSync(place.file("other.yaml"), "\nservers:\n  one: two\n")
    const none = await place.run(["history", "import", "other.yaml"])
    assert.strictEqual(none.code, 65, none.stdout)
    assert.strictEqual(none.stdout, "")
    assert.include(none.stderr, "other.yaml:2 is no record, nor is any other line: it is no JSON.")
    assert.include(none.stderr, "RECORDS_INVALID")

    writeFileSync(place.file("mixed.jsonl"), [record(1), "{", record(2), "[]"].join("\n"))
    const into = ["history", "import", "mixed.jsonl", "--session", "copy"]
    const some = await place.run(into)
    assert.strictEqual(some.code, 3, some.stderr)
    assert.strictEqual(some.stdout, "2 records imported into 1 conversation; 2 lines left out\n")
    assert.include(some.stderr, "line 2: it is no JSON")
    const told = (await place.run([...into, "--json"])).json()
    assert.deepStrictEqual([told.status, told.error_code], ["failed", "RECORDS_PARTLY_INVALID"])
    assert.include(told.error?.message, "2 of 4 lines are no records and were left out, the first at mixed.jsonl:2")
    assert.deepInclude(told.data, { imported: 0, known: 2 })
  })

  it("say so where nothing is kept", async () => {
    await using place = await makePlace()
    place.configure({ history: { folder: "" } })
    for (const args of [
      ["chat", "--session", "trip", "hello", "--json"],
      ["sessions", "list", "--json"]
    ]) {
      const { code, json } = await place.run(args)
      assert.strictEqual(code, 78)
      assert.strictEqual(json().error_code, "HISTORY_OFF")
    }
  })
})
