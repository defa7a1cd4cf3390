import { assert, describe, it } from "@effect/vitest"
import { makeCommandPolicy, PathRefused, toolsDefaults } from "@signalbox/tools"
import { Effect, Path } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What the arguments may be made of: all that means something to a shell, and two letters that name no program. */
const pieces = [
  "a",
  "b",
  "'",
  '"',
  "\\",
  "$",
  " ",
  "`",
  "(",
  ")",
  "{",
  "}",
  ",",
  "*",
  "?",
  "[",
  "]",
  "~",
  "!",
  "#",
  ";",
  "&",
  "|",
  "<",
  ">",
  "\n",
  "=",
  "$'",
  "\\x41",
  "\\\n",
  "-",
  "/",
  "${",
  "$(",
  "\t",
  "^",
  "@",
  "+",
  ":",
  "%",
  "."
]

/** The same each time. */
const makeRandom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const scripts = (count: number): ReadonlyArray<string> => {
  const random = makeRandom(20_261_127)
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random(8) }, () => pieces[random(pieces.length)] ?? "").join("")
  )
}

/** The names that Bash makes files of, or looks for, when it runs `show ARGUMENTS` where only `show` may run. */
const ran = (script: string, cwd: string): Effect.Effect<string> =>
  Effect.promise(
    () =>
      new Promise((resolve) =>
        execFile(
          "/bin/bash",
          ["--noprofile", "--norc", "-c", script],
          { cwd, env: { PATH: "/nowhere" }, timeout: 20_000 },
          (_, stdout, stderr) => resolve(`${stdout}${stderr.replaceAll(/^\/bin\/bash: (line \d+: )?/gm, "")}`)
        )
      )
  )

describe("a script that is allowed", () => {
  it.live("runs nothing but what was read in it, as Bash itself reads it", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "script-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
      )
      const options = toolsDefaults({ cwd: folder, stateFolder: folder })
      const policy = makeCommandPolicy(
        { ...options.commands, allow: ["echo"] },
        {
          cwd: folder,
          decide: (path) => Effect.fail(new PathRefused({ path, reason: "no file is" })),
          isDenied: () => false,
          objection: () => undefined
        },
        path
      )
      const judged = yield* Effect.forEach(scripts(2000), (script) =>
        Effect.map(policy.judge(`echo ${script}`), ({ verdict }) => ({ script, verdict }))
      )
      const allowed = judged.filter(({ verdict }) => verdict === "allow").map(({ script }) => script)
      assert.isAbove(allowed.length, 100)
      const outputs = yield* Effect.forEach(
        allowed.slice(0, 150),
        (script) => Effect.map(ran(`echo ${script}`, folder), (output) => ({ script, output })),
        { concurrency: 8 }
      )
      for (const { output, script } of outputs) {
        // Where Bash looks for another program or file, the reading was wrong. What it does not understand it does not run.
        assert.notMatch(output, /command not found|No such file|ambiguous/, JSON.stringify(script))
      }
    }).pipe(Effect.provide(Path.layer))
  )
})
