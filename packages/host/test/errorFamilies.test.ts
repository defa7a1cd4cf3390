import { assert, describe, it } from "@effect/vitest"
import { duplicateCodes, errorTable, isSignalboxError } from "@signalbox/errors"
import { errorFamilies } from "@signalbox/host"
import { Arbitrary, Effect, Schema } from "effect"

describe("the errors of all packages", () => {
  it("have codes that no two share, in one spelling", () => {
    assert.deepStrictEqual(duplicateCodes(errorFamilies), [])
    for (const { code } of errorTable(errorFamilies)) assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/)
  })
  it("have a row with all columns each", () => {
    const rows = errorTable(errorFamilies)
    assert.isAbove(rows.length, 40)
    for (const row of rows) {
      assert.isTrue(row.http_status >= 400 && row.http_status < 600, row.code)
      assert.match(row.anthropic_type, /^[a-z_]+$/)
      assert.isBelow(row.json_rpc_code, 0)
      assert.isTrue([1, 2, 3, 4, 65, 69, 78].includes(row.exit_code), row.code)
    }
  })
  it.effect("survive a JSON round trip, whatever their fields hold", () =>
    Effect.forEach(errorFamilies, (family) =>
      Effect.gen(function* () {
        // Every class made by `defineError` is a schema of its instances; the contract says no more than what is printed.
        const schema = family as unknown as Schema.Codec<unknown, unknown>
        const codec = Schema.toCodecJson(schema)
        const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 20 })
        for (const error of samples) {
          const text = JSON.stringify(yield* Schema.encodeEffect(codec)(error))
          const back = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(text))
          assert.isTrue(isSignalboxError(back), family.definition.code)
          assert.strictEqual(JSON.stringify(yield* Schema.encodeEffect(codec)(back)), text, family.definition.code)
        }
      })
    )
  )
})
