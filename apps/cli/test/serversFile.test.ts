import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { makePlace } from "./support.ts"

describe("servers add and servers remove", () => {
  it("change the file and keep its comments, and no secret gets into it", async () => {
    await using place = await makePlace()
    await place.run(["init"])
    const before = readFileSync(place.file("signalbox.yaml"), "utf8")
    const added = await place.run(["servers", "add", "db", "--env", "TOKEN=canary", "--", "uvx", "db-server", "--json"])
    assert.strictEqual(added.code, 0, added.stderr)
    assert.include(added.stdout, "db added to signalbox.yaml")
    assert.match(added.stderr, /^ {2}TOKEN +servers\.db\.env\.TOKEN$/m)
    const written = readFileSync(place.file("signalbox.yaml"), "utf8")
    assert.include(written, "# Rounds of tool calls")
    assert.notInclude(written, "canary")
    const list = await place.run(["servers", "list"])
    assert.match(list.stdout, /^db +enabled +stdio +uvx db-server --json$/m)
    const removed = await place.run(["servers", "remove", "db", "--json"])
    assert.deepStrictEqual(removed.json().data, { file: "signalbox.yaml", name: "db" })
    assert.strictEqual(readFileSync(place.file("signalbox.yaml"), "utf8"), before)
  })

  it("leave a server alone that has the name, unless they are forced, and know what was meant", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    const before = readFileSync(place.file("signalbox.json"), "utf8")
    const [again, unknown, name, nothing] = await Promise.all([
      place.run(["servers", "add", "fx", "--url", "http://h/mcp", "--json"]),
      place.run(["servers", "remove", "fy"]),
      place.run(["servers", "add", "two words", "--", "x"]),
      place.run(["servers", "add", "empty"])
    ])
    assert.strictEqual(again.code, 1)
    assert.strictEqual(again.json().error_code, "SERVER_EXISTS")
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'Did you mean "fx"?')
    assert.deepStrictEqual([name.code, nothing.code], [2, 2])
    assert.include(nothing.stderr, "Give a command after --, or a --url.")
    assert.strictEqual(readFileSync(place.file("signalbox.json"), "utf8"), before)
    const forced = await place.run(["servers", "add", "fx", "--url", "http://h/mcp", "--force"])
    assert.strictEqual(forced.code, 0, forced.stderr)
    const { fx } = JSON.parse(readFileSync(place.file("signalbox.json"), "utf8")).servers
    assert.deepStrictEqual(fx, { enabled: true, transport: "http", url: "http://h/mcp", headers: {} })
  })
})
