import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** Runs every example of a package in a process of its own and compares what it prints with its `// =>` lines. */
export const testExamples = (packageDir: string) =>
  describe("examples", () => {
    const dir = join(packageDir, "examples")
    for (const file of readdirSync(dir).filter((name) => /\.(ts|mjs)$/.test(name))) {
      it(file, { timeout: 60_000 }, () => {
        const source = readFileSync(join(dir, file), "utf8")
        const expected = [...source.matchAll(/^\s*\/\/ => (.*)$/gm)].map((match) => match[1])
        const printed = execFileSync(process.execPath, [join(dir, file)], { encoding: "utf8" })
          .trimEnd()
          .split("\n")
        assert.deepStrictEqual(printed, expected)
      })
    }
  })
