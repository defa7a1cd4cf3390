import { assert, describe, it } from "@effect/vitest"
import { plant } from "./plant.ts"

const sound = `/** One. */\nexport const one = 1\n`

describe("the linter", () => {
  const faults: Readonly<Record<string, string>> = {
    "no-empty": `export const read = (text: string): unknown => {\n  try {\n    return JSON.parse(text)\n  } catch {}\n  return undefined\n}\n`,
    "no-floating-promises": `const later = async (): Promise<number> => 1\nexport const start = (): void => {\n  later()\n}\n`,
    "no-explicit-any": `export const read = (value: any): string => String(value)\n`,
    "no-non-null-assertion": `export const first = (values: ReadonlyArray<string>): string => values[0]!\n`,
    "no-console": `export const say = (): void => console.log("x")\n`,
    complexity: `export const pick = (n: number): number => {\n${Array.from({ length: 10 }, (_, i) => `  if (n === ${i}) return ${i + 1}\n`).join("")}  return 0\n}\n`,
    "max-lines": Array.from({ length: 401 }, (_, index) => `export const value${index} = ${index}\n`).join("")
  }

  it("refuses what is forbidden, each by the rule that forbids it, and nothing else", async () => {
    using project = await plant()
    project.write({ "packages/a/src/sound.ts": sound })
    for (const [rule, text] of Object.entries(faults)) project.write({ [`packages/a/src/${rule}.ts`]: text })
    project.write({
      "packages/a/src/no-cycle.ts": `import { two } from "./cycle.ts"\nexport const one = (): number => two() - 1\n`,
      "packages/a/src/cycle.ts": `import { one } from "./no-cycle.ts"\nexport const two = (): number => one() + 1\n`
    })
    const { code, text } = await project.run("oxlint", "--type-aware", "--format", "unix")
    assert.strictEqual(code, 1, text)
    for (const rule of [...Object.keys(faults), "no-cycle"]) {
      assert.match(text, new RegExp(`/${rule}\\.ts:.*\\(${rule}\\)`), text)
    }
    assert.notInclude(text, "sound.ts")
  })
})

describe("the house rules", () => {
  const faults: Readonly<Record<string, string>> = {
    async: "export const a = async () => 1",
    throw: "throw new Error()",
    try: "try {",
    process: "export const a = process.env.HOME",
    clock: "export const a = Date.now()",
    random: "export const a = Math.random()",
    detached: "export const a = Effect.forkDetach(work)",
    ignored: "export const a = Effect.ignore(work)",
    mock: "vi.mock('x')",
    outcome: "export const a = toOutcome(work)",
    typeExport: 'export { type A } from "./a.ts"',
    defaultExport: "export default 1"
  }

  it("refuse what is forbidden, each by its rule", async () => {
    using project = await plant()
    for (const [rule, text] of Object.entries(faults)) project.write({ [`packages/a/src/${rule}.ts`]: `${text}\n` })
    const { code, text } = await project.script("houseRules")
    assert.strictEqual(code, 1)
    for (const rule of Object.keys(faults)) assert.match(text, new RegExp(`${rule}\\.ts:1 ${rule}: \\S`))
    assert.lengthOf(text.trim().split("\n"), Object.keys(faults).length)
  })

  it("let apps own the process and the edges, but no clock", async () => {
    using project = await plant()
    project.write({ "apps/c/src/main.ts": `export const run = async () => toOutcome(process.argv)\n` })
    assert.deepStrictEqual(await project.script("houseRules"), { code: 0, text: "" })
    project.write({ "apps/c/src/clock.ts": `export const now = Date.now()\n` })
    const { code, text } = await project.script("houseRules")
    assert.strictEqual(code, 1)
    assert.match(text, /^apps\/c\/src\/clock\.ts:1 clock: .*\n$/)
  })

  it("let a failure be ignored for a reason, in apps as in libraries", async () => {
    using project = await plant()
    project.write({
      "packages/a/src/index.ts": `// It has ended already.\nexport const a = Effect.ignore(work)\n`,
      "packages/b/src/index.ts": `export const b = Effect.ignore(work) // It has ended already.\n`,
      "apps/c/src/main.ts": `export const run = async () => process.argv\n`
    })
    assert.deepStrictEqual(await project.script("houseRules"), { code: 0, text: "" })
    project.write({ "apps/c/src/other.ts": `work.pipe(\n  Effect.ignoreCause,\n  Effect.forkDetach\n)\n` })
    const { code, text } = await project.script("houseRules")
    assert.strictEqual(code, 1)
    assert.match(text, /^apps\/c\/src\/other\.ts:2 ignored: .*\napps\/c\/src\/other\.ts:3 detached: .*\n$/)
  })
})

describe("the diagnostics of Effect", () => {
  it("refuse an Effect that nobody runs", async () => {
    using project = await plant()
    project.link(["node_modules/typescript", "packages/errors/node_modules/effect"])
    const effect = `import { Effect } from "effect"\n`
    project.write({ "packages/a/src/index.ts": `${effect}export const one = Effect.succeed(1)\n` })
    const args = ["diagnostics", "--project", "tsconfig.json", "--strict"]
    const before = await project.run("effect-tsgo", ...args)
    assert.strictEqual(before.code, 0, before.text)
    project.write({ "packages/a/src/floating.ts": `${effect}export const two = (): void => {\n  Effect.log(1)\n}\n` })
    const { code, text } = await project.run("effect-tsgo", ...args)
    assert.strictEqual(code, 1)
    assert.match(text, /floating\.ts.*floating/is)
  })
})

describe("docstrings", () => {
  it("are asked of every symbol that a package exports, wherever it is declared", async () => {
    using project = await plant()
    const exports = { ".": "./src/index.ts", "./more": "./src/more.ts" }
    project.writePackage(
      "a",
      "foundation",
      `export { Bare, type Deep as Deeper, fine, Schema } from "./a.ts"\nexport * from "./b.ts"\n`,
      { exports }
    )
    project.write({
      "packages/a/src/a.ts": `/**\n * The header of a file is no docstring.\n */\n\nexport class Bare {}\nexport { type Deep } from "./deep.ts"\n/** Fine. */\n// oxlint-disable-next-line some-rule -- for a reason\nexport const fine = 1\n/** A schema. */\nexport const Schema = 1\nexport type Schema = number\n`,
      "packages/a/src/b.ts": sound,
      "packages/a/src/deep.ts": `/* No docstring either. */\nexport interface Deep {}\n`,
      "packages/a/src/more.ts": `// A remark.\nexport function more() {}\n\nconst inner = 1\nexport const hidden = inner\n`
    })
    const { code, text } = await project.script("docstrings")
    assert.strictEqual(code, 1)
    assert.sameMembers(text.trim().split("\n"), [
      "packages/a/src/a.ts:5 Bare has no docstring",
      "packages/a/src/deep.ts:2 Deep has no docstring",
      "packages/a/src/index.ts export * hides what is exported",
      "packages/a/src/more.ts:2 more has no docstring",
      "packages/a/src/more.ts:5 hidden has no docstring"
    ])
    project.writePackage("a", "foundation", sound)
    assert.deepStrictEqual(await project.script("docstrings"), { code: 0, text: "" })
  })
})

const dependency = (name: string) => ({ dependencies: { [`@plant/${name}`]: "workspace:*" } })

describe("the graph of packages", () => {
  it("has no import that is undeclared, leaves its package, or points upwards", async () => {
    using project = await plant()
    project.writePackage("high", "host", sound, dependency("low"))
    project.writePackage("low", "foundation", sound)
    assert.strictEqual((await project.run("turbo", "boundaries")).code, 0)
    project.writePackage("high", "host", sound)
    project.writePackage("low", "foundation", `import "zod"\nimport "../../high/src/index.ts"\n`, dependency("high"))
    const { code, text } = await project.run("turbo", "boundaries")
    assert.strictEqual(code, 1)
    assert.include(text, "cannot import package `zod` because it is not a dependency")
    assert.include(text, "`../../high/src/index.ts` leaves the package")
    assert.match(text, /Package `@plant\/high` found without any tag listed in allowlist/)
  })

  it("has no cycle: nothing is run in one that has", async () => {
    using project = await plant()
    project.writePackage("a", "foundation", sound, dependency("b"))
    project.writePackage("b", "foundation", sound, dependency("a"))
    const { code, text } = await project.run("turbo", "run", "transit", "--dry")
    assert.strictEqual(code, 1)
    assert.match(text, /cyclic dependency/i)
  })
})
