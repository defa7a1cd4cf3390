import { assert, describe, it } from "@effect/vitest"
import { makePlace } from "./support.ts"

describe("wrong usage", () => {
  it("names the numbers that a flag takes, and commands that are near and no others", async () => {
    await using place = await makePlace()
    const [tail, far, near] = await Promise.all([
      place.run(["servers", "logs", "fx", "--tail", "0"]),
      place.run(["servers", "bogus"]),
      place.run(["servers", "statu"])
    ])
    assert.include(tail.stderr, 'Invalid value for flag --tail: "0". Expected: a whole number from 1 to 50')
    assert.notInclude(far.stderr, "Did you mean")
    assert.match(near.stderr, /Did you mean this\?\s+status\n/)
  })

  it("names the way to give a tool what is no flag, and never the flag that approves", async () => {
    await using place = await makePlace()
    const { code, stderr } = await place.run(["tools", "call", "Grep", "pattern=a", "-o"])
    assert.strictEqual(code, 2)
    assert.include(stderr, `-o=true, or '{"-o":true}'`)
    assert.notInclude(stderr, "-y")
  })
})
