import { assert, describe, it } from "@effect/vitest"
import { duplicateCodes, errorTable } from "@signalbox/errors"
import { errorFamilies } from "@signalbox/host"

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
})
