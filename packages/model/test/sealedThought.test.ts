import { assert, describe, it } from "@effect/vitest"
import { isSealed, sealThought, unsealThought } from "@signalbox/model"

describe("sealed thoughts", () => {
  const content = { details: [{ type: "reasoning.text", text: "grübeln 🚂" }] }
  const sealed = sealThought("openrouter", content)

  it("open for the provider that they were sealed for", () => {
    assert.deepStrictEqual(unsealThought("openrouter", sealed), content)
  })

  it("stay shut for every other provider", () => {
    assert.isUndefined(unsealThought("openai", sealed))
  })

  it("are told from signatures of others", () => {
    assert.deepStrictEqual([sealed, "EqQBCgIYAhIM", ""].map(isSealed), [true, false, false])
    assert.isUndefined(unsealThought("openrouter", "EqQBCgIYAhIM"))
  })

  it("that were altered hold nothing", () => {
    for (const altered of [sealed.slice(0, -3), `${sealed.slice(0, 20)}!${sealed.slice(21)}`, "signalbox:e30"]) {
      assert.isUndefined(unsealThought("openrouter", altered))
    }
  })
})
