import { assert, describe, it } from "@effect/vitest"
import { resultText } from "@signalbox/model"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { codeOf, makeBench } from "./support.ts"

const swapping = (folder: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "swapper.mjs"), folder], {
        stdio: ["pipe", "pipe", "inherit"]
      })
      await once(child.stdout, "data")
      return child
    }),
    (child) =>
      Effect.promise(async () => {
        const exited = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined
        child.kill("SIGKILL")
        await exited
      })
  )

const atLeast = 150

describe("a folder that is exchanged for a link all the time", () => {
  for (const followsSymlinks of [false, true]) {
    it.live(`leads nowhere else${followsSymlinks ? ", where links to allowed places are followed, either" : ""}`, () =>
      Effect.gen(function* () {
        const { call, home, work } = yield* makeBench((options) => ({
          ...options,
          paths: { ...options.paths, followsSymlinks },
          limits: { ...options.limits, rate: { limit: 1_000_000, per: "1 second" } }
        }))
        const outside = join(home, "outside")
        for (const folder of [outside, join(work, "swap")]) mkdirSync(folder)
        writeFileSync(join(outside, "file.txt"), "SECRET")
        writeFileSync(join(work, "swap", "file.txt"), "inside")
        symlinkSync(outside, join(work, "link"))
        yield* swapping(work)
        const seen = { inside: 0, refused: 0 }
        const calls = [
          ["Read", { file_path: "swap/file.txt" }],
          ["Write", { file_path: "swap/file.txt", content: "inside" }],
          ["Write", { file_path: "swap/new/deep/file.txt", content: "inside" }],
          ["Edit", { file_path: "swap/file.txt", old_string: "SECRET", new_string: "TAKEN" }],
          ["Grep", { pattern: "SECRET", output_mode: "content" }],
          ["Glob", { pattern: "**/*.txt" }],
          ["LS", { path: "swap" }]
        ] as const
        // Until both were met often enough: whoever is lucky for once has proved nothing.
        for (let round = 0; round < atLeast || seen.inside === 0 || seen.refused === 0; round++) {
          for (const [tool, input] of calls) {
            const result = yield* call(tool, input)
            assert.notInclude(resultText(result), "SECRET", tool)
            if (tool !== "Read" && tool !== "Write") continue
            if (codeOf(result) === "ok") seen.inside++
            if (codeOf(result) === "PATH_REFUSED") seen.refused++
          }
        }
        assert.deepStrictEqual(readdirSync(outside), ["file.txt"])
        assert.strictEqual(readFileSync(join(outside, "file.txt"), "utf8"), "SECRET")
      })
    )
  }
})
