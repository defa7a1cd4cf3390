import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { makePlace, type Place } from "./support.ts"

const write = (place: Place, name: string, content: string) =>
  place.run(["tools", "call", "builtin", "Write", JSON.stringify({ file_path: name, content })])

interface Listed {
  readonly id: string
  readonly path: string
  readonly was_new: boolean
}

const listed = async (place: Place): Promise<ReadonlyArray<Listed>> =>
  (await place.run(["undo", "--list", "--json"])).json().data

describe("undo", () => {
  it("takes back what another process has changed, the latest first, and a change by its id", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Write"] } })
    const file = place.file("a.txt")
    writeFileSync(file, "first\n")
    for (const [name, content] of [
      ["a.txt", "second\n"],
      ["b.txt", "new\n"]
    ] as const)
      assert.strictEqual((await write(place, name, content)).code, 0)
    const changes = await listed(place)
    assert.deepStrictEqual(
      changes.map(({ path, was_new: wasNew }) => [path.endsWith("b.txt"), wasNew]),
      [
        [true, true],
        [false, false]
      ]
    )
    const shown = await place.run(["undo", "--list"])
    const ids = changes.map(({ id }) => id.slice(id.lastIndexOf("-") + 1))
    for (const id of ids) assert.include(shown.stdout, id)
    const latest = await place.run(["undo"])
    assert.deepStrictEqual([latest.code, existsSync(place.file("b.txt"))], [0, false], latest.stderr)
    const named = await place.run(["undo", ids[1] ?? ""])
    assert.deepStrictEqual([named.code, readFileSync(file, "utf8")], [0, "first\n"], named.stderr)
    // Taking back is a change as well, and goes on where a change has broken the configuration.
    writeFileSync(place.file("signalbox.json"), '{ "tools": [')
    const again = await place.run(["undo"])
    assert.deepStrictEqual([again.code, readFileSync(file, "utf8")], [0, "second\n"], again.stderr)
    assert.match(again.stderr, /^! The configuration has .*signalbox\.json:1.*\n {2}It was not used: /s)
  })

  it("takes back nothing that has been changed since, and says what there is", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Write"] } })
    await write(place, "a.txt", "theirs\n")
    writeFileSync(place.file("a.txt"), "mine\n")
    const changed = await place.run(["undo", "--json"])
    assert.deepStrictEqual([changed.code === 0, changed.json().error_code], [false, "UNDO_REFUSED"])
    assert.strictEqual(readFileSync(place.file("a.txt"), "utf8"), "mine\n")
    const unknown = await place.run(["undo", "nothing", "--json"])
    assert.deepStrictEqual(
      [unknown.json().error_code, unknown.json().error?.hint],
      ["UNDO_REFUSED", "See what there is: signalbox undo --list"]
    )
  })

  it("says where there is nothing, or nothing is kept", async () => {
    await using place = await makePlace()
    for (const [folder, hint] of [
      ["auto", undefined],
      ["", "Have images of files kept: tools.undo.folder in the configuration."]
    ]) {
      place.configure({ tools: { enabled: ["Write"], undo: { folder } } })
      const nothing = await place.run(["undo", "--json"])
      assert.deepStrictEqual([nothing.code, nothing.json().error_code], [1, "NOTHING_TO_UNDO"])
      assert.strictEqual(nothing.json().error?.hint, hint)
    }
    assert.deepStrictEqual((await place.run(["undo", "--list"])).stdout, "There is nothing to take back.\n")
  })
})
