import { assert, describe, it } from "@effect/vitest"
import { makeRandom, planFaults } from "@signalbox/testing"

const plan = (seed: number) => planFaults({ seed, n: 1000, kinds: ["kill", "stall", "reset"], rate: 0.2 })

describe("fault plans", () => {
  it("draws the same numbers from the same seed, on every machine", () => {
    const random = makeRandom(42)
    const drawn = Array.from({ length: 4 }, () => Math.floor(random.next() * 1_000_000))
    assert.deepStrictEqual(drawn, [601_103, 448_290, 852_465, 669_734])
  })

  it("plans the same faults from the same seed, others from another", () => {
    assert.deepStrictEqual(plan(7), plan(7))
    assert.notDeepEqual(plan(7), plan(8))
    const { faults } = plan(7)
    assert.isAbove(faults.length, 150)
    assert.isBelow(faults.length, 250)
    assert.deepStrictEqual(new Set(faults.map(({ kind }) => kind)), new Set(["kill", "stall", "reset"]))
  })

  it("keeps parts of a run apart: draws of one fork do not move another", () => {
    const first = makeRandom(1)
    const second = makeRandom(1)
    first.fork("a").next()
    first.next()
    assert.strictEqual(first.fork("b").next(), second.fork("b").next())
    assert.notStrictEqual(makeRandom(1).fork("a").next(), makeRandom(1).fork("b").next())
  })

  it("picks, shuffles and draws whole numbers within bounds", () => {
    const random = makeRandom(3)
    const numbers = Array.from({ length: 200 }, () => random.int(2, 4))
    assert.deepStrictEqual(new Set(numbers), new Set([2, 3, 4]))
    assert.sameMembers(random.shuffle([1, 2, 3, 4]), [1, 2, 3, 4])
    assert.throws(() => random.pick([]))
  })
})
