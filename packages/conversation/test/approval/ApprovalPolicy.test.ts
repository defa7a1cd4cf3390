import type { JsonObject } from "@signalbox/model"
import { type ApprovalMode, type ApprovalPolicy, judgeCall, readPattern, showPattern } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { definition, type TestTool } from "../support.ts"

const policy = (mode: ApprovalMode, given: Partial<ApprovalPolicy> = {}): ApprovalPolicy => ({
  mode,
  rules: [],
  sources: {},
  ...given
})

const readOnly: TestTool = { name: "read", annotations: { readOnlyHint: true } }
const idempotent: TestTool = { name: "put", annotations: { readOnlyHint: false, idempotentHint: true } }
const replacing: TestTool = { name: "put", annotations: { idempotentHint: true, destructiveHint: true } }
const writing: TestTool = { name: "send", annotations: { readOnlyHint: false } }
const silent: TestTool = { name: "mystery" }
const untrusted: TestTool = { name: "read", annotations: { readOnlyHint: true }, isTrusted: false }

describe("what is done with a call", () => {
  const table: ReadonlyArray<readonly [mode: ApprovalMode, tool: TestTool, decision: string, reason: string]> = [
    ["ask", readOnly, "ask", 'the mode is "ask"'],
    ["auto", silent, "allow", 'the mode is "auto"'],
    ["deny", readOnly, "deny", 'the mode is "deny"'],
    ["auto-safe", readOnly, "allow", "it is read-only"],
    ["auto-safe", idempotent, "allow", "it is idempotent"],
    ["auto-safe", replacing, "ask", "it says that it may destroy something"],
    ["auto-safe", writing, "ask", "it is neither read-only nor idempotent"],
    ["auto-safe", silent, "ask", "it does not say that it is read-only or idempotent"],
    ["auto-safe", untrusted, "ask", 'it says that it is read-only, but "test" is not trusted']
  ]
  for (const [mode, tool, decision, reason] of table) {
    it(`is ${decision} with the mode ${mode}, because ${reason}`, () => {
      assert.deepStrictEqual(judgeCall(policy(mode), definition(tool), {}), { decision, reason } as never)
    })
  }

  it("is that of the first rule that fits, whatever the mode is", () => {
    const rules = [
      { tool: "send", arguments: { to: "*@example.com" }, decision: "allow" },
      { tool: "se*", decision: "deny" },
      { tool: "read", decision: "ask" }
    ] as const
    const judged = (tool: TestTool, input: JsonObject) => judgeCall(policy("auto", { rules }), definition(tool), input)
    assert.deepStrictEqual(judged(writing, { to: "ada@example.com" }), {
      decision: "allow",
      reason: "rule 1 (send(to=*@example.com)) says allow"
    })
    assert.strictEqual(judged(writing, { to: "eve@elsewhere.org" }).decision, "deny")
    assert.strictEqual(judged(writing, {}).reason, "rule 2 (se*) says deny")
    assert.strictEqual(judged(readOnly, {}).decision, "ask")
    assert.strictEqual(judged(silent, {}).decision, "allow")
  })

  it("is that of the mode of its source, where that has one", () => {
    const sources = { test: "deny", other: "auto" } as const
    const verdict = judgeCall(policy("auto", { sources }), definition(readOnly), {})
    assert.deepStrictEqual(verdict, { decision: "deny", reason: 'the mode of "test" is "deny"' })
  })
})

/** Whether a rule of this pattern decides about the call. */
const fits = (pattern: string, tool: TestTool, input: JsonObject, decision: "allow" | "deny" = "allow") => {
  const read = readPattern(pattern)
  assert.isDefined(read, pattern)
  const rules = [{ ...read, decision }]
  return judgeCall(policy("ask", { rules }), definition(tool), input).decision === decision
}

describe("a pattern", () => {
  it("means a tool by the name that it is shown under, by its own, and with its source", () => {
    const shown: TestTool = { name: "test__read", originalName: "read" }
    for (const pattern of ["read", "test__read", "test__*", "*", "re*d", "r*e*a*d"])
      assert.isTrue(fits(pattern, shown, {}), pattern)
    for (const pattern of ["reads", "rea", "other__read", "*reed", "rea*ad"])
      assert.isFalse(fits(pattern, shown, {}), pattern)
  })

  it("does not take a tool for one of another source because of its name", () => {
    const impostor: TestTool = { name: "files__read", originalName: "files__read" }
    assert.isFalse(fits("files__read", impostor, {}))
    assert.isFalse(fits("files__*", impostor, {}))
  })

  it("wants the arguments that it names, as texts, or as JSON where they are none", () => {
    assert.isTrue(fits("put(path=/tmp/*)", idempotent, { path: "/tmp/a", mode: 7 }))
    assert.isFalse(fits("put(path=/tmp/*)", idempotent, { file: "/tmp/a" }))
    assert.isTrue(fits("put(count=3)", idempotent, { count: 3 }))
    assert.isTrue(fits('put(at={"x":1,"y":*})', idempotent, { at: { y: 2, x: 1 } }))
    assert.isFalse(fits("put(toString=*)", idempotent, {}))
  })

  it("allows no path that climbs out of what it names, and denies it all the same", () => {
    for (const path of ["/tmp/../etc/passwd", "/tmp/..", "/tmp/a/..\\..\\b"]) {
      assert.isFalse(fits("put(path=/tmp/*)", idempotent, { path }), path)
      assert.isTrue(fits("put(path=/tmp*)", idempotent, { path }, "deny"), path)
    }
    assert.isTrue(fits("put(path=/tmp/*)", idempotent, { path: "/tmp/a..b" }))
    assert.isTrue(fits("put(path=../*)", idempotent, { path: "../a" }))
  })

  it("is read as it is shown, with commas in values", () => {
    for (const text of ["read", "read(path=/tmp/*)", "run(command=echo a, b, cwd=/x)"]) {
      const pattern = readPattern(text)
      assert.isDefined(pattern)
      assert.strictEqual(showPattern(pattern), text)
    }
    assert.deepStrictEqual(readPattern("run(command=echo a, b, cwd=/x)"), {
      tool: "run",
      arguments: { command: "echo a, b", cwd: "/x" }
    })
    for (const text of ["", "a b", "read(path", "read(path)", "(x=1)", "read(=x)"])
      assert.isUndefined(readPattern(text), text)
  })
})
