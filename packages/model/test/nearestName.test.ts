import { assert, describe, it } from "@effect/vitest"
import { nearestName } from "@signalbox/model"

describe("the nearest name", () => {
  it("is one that a slip of the fingers makes of it", () => {
    assert.strictEqual(nearestName("ecco", ["add", "echo"]), "echo")
    assert.strictEqual(nearestName("fy", ["fx"]), "fx")
    assert.strictEqual(nearestName("hlep", ["help"]), "help")
    assert.strictEqual(nearestName("modle", ["mode", "model"]), "mode")
    assert.strictEqual(nearestName("A", ["b", "a"]), "a")
  })

  it("is none where most of it would have to change", () => {
    assert.isUndefined(nearestName("x", ["a", "b", "xy"]))
    assert.isUndefined(nearestName("ab", ["a", "b"]))
    assert.isUndefined(nearestName("bogus", ["logs"]))
  })
})
