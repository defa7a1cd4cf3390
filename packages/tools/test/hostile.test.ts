import { assert, describe, it, layer } from "@effect/vitest"
import { codeOf as errorCode } from "@signalbox/errors"
import { resultText } from "@signalbox/model"
import { type WebAccess, WebFault } from "@signalbox/tools"
import { Context, Effect, Layer, Result } from "effect"
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { friendlyCommands, hostileCommands } from "./hostile/commands.ts"
import { hostileInputs, inputFiles } from "./hostile/inputs.ts"
import { hostilePaths, readOnlyPaths } from "./hostile/paths.ts"
import { hostileUrls, names } from "./hostile/urls.ts"
import { type Bench, codeOf, failureOf, makeBench } from "./support.ts"

/** Everything below a folder, to be compared later. */
const picture = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder)
    .toSorted()
    .flatMap((name) => {
      const path = join(folder, name)
      const stats = lstatSync(path)
      if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`]
      return stats.isDirectory() ? [path, ...picture(path)] : [`${path} ${stats.mode} ${readFileSync(path, "hex")}`]
    })

const links: Readonly<Record<string, string>> = {
  "link-to-secret": "../secret",
  "link-to-home": "..",
  "link-to-etc": "/etc",
  "link-to-root": "/",
  "link-to-proc": "/proc",
  "sub/link-up": "../..",
  "chain-1": "chain-2",
  "chain-2": "chain-3",
  "chain-3": "..",
  "relative-link": "sub/../../secret",
  "link-to-link": "link-to-secret",
  dangling: "../not-there",
  "dangling-folder": "../not-there",
  "loop-a": "loop-b",
  "loop-b": "loop-a",
  "link-to-inside": "inside.txt",
  "link-to-sub": "sub"
}

let connections = 0
const web: WebAccess["Service"] = {
  resolve: (host) => {
    const found = names[host]
    return found === undefined ? Effect.fail(new WebFault({ reason: "ENOTFOUND" })) : Effect.succeed(found)
  },
  get: () =>
    Effect.suspend(() => {
      connections++
      return Effect.fail(new WebFault({ reason: "the test makes no connection" }))
    })
}

class Hostile extends Context.Service<Hostile, Bench>()("test/Hostile") {
  static readonly layer = Layer.effect(
    Hostile,
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => {
        const home = join(options.paths.cwd, "..")
        for (const folder of ["reference", "work-evil", "workspace", "work/frozen", "work/sub"])
          mkdirSync(join(home, folder), { recursive: true })
        // It stands for the shell, so that a script that gets through is told, and does no harm.
        writeFileSync(join(home, "canary"), '#!/bin/sh\necho ran >> "${0%canary}ran"\n', { mode: 0o755 })
        return {
          ...options,
          urls: { ...options.urls, denyHosts: ["*.Blocked.Example."] },
          commands: { ...options.commands, shell: join(home, "canary") },
          paths: {
            ...options.paths,
            readOnlyRoots: [join(home, "reference"), join(home, "work", "frozen")]
          },
          limits: {
            ...options.limits,
            maxFileBytes: 2_000_000,
            rate: { limit: 1_000_000, per: "1 second" }
          }
        }
      }, web)
      const { home, write } = bench
      for (const [name, bytes] of Object.entries(inputFiles)) write(name, bytes)
      for (const name of [
        "sub/deep.txt",
        "frozen/old.txt",
        "run.sh",
        "sub/run.bash",
        ".env",
        "sub/.ssh/id_ed25519",
        ".git/config"
      ])
        write(name, "SECRET inside")
      for (const name of ["secret", "work-evil/secret", "workspace/secret"]) writeFileSync(join(home, name), "SECRET")
      writeFileSync(join(home, "reference/book.txt"), "a book")
      for (const [name, target] of Object.entries(links)) symlinkSync(target, join(home, "work", name))
      return bench
    })
  )
}

const readers = [
  ["Read", (path: string) => ({ file_path: path })],
  ["LS", (path: string) => ({ path })],
  ["Glob", (path: string) => ({ path, pattern: "**/*" })],
  ["Grep", (path: string) => ({ path, pattern: "" })],
  ["NotebookRead", (path: string) => ({ notebook_path: path })]
] as const

const writers = [
  ["Write", (path: string) => ({ file_path: path, content: "TAKEN" })],
  ["Edit", (path: string) => ({ file_path: path, old_string: "SECRET", new_string: "TAKEN" })],
  ["MultiEdit", (path: string) => ({ file_path: path, edits: [{ old_string: "SECRET", new_string: "TAKEN" }] })],
  ["NotebookEdit", (path: string) => ({ notebook_path: path, new_source: "TAKEN", edit_mode: "insert" })]
] as const

const shown = (text: string) => JSON.stringify(text).slice(0, 80)

describe("what is hostile does not get through", () => {
  layer(Hostile.layer)("of the table", (it) => {
    let before: ReadonlyArray<string> = []

    it.effect("rows of it are three hundred and more", () =>
      Effect.gen(function* () {
        const { home } = yield* Hostile
        before = picture(home).filter((line) => !line.startsWith(join(home, "state")))
        const rows =
          hostilePaths.length +
          readOnlyPaths.length +
          hostileCommands.length +
          hostileUrls.length +
          hostileInputs.length
        assert.isAtLeast(rows, 300)
        assert.strictEqual(new Set(hostileCommands.map(([, script]) => script)).size, hostileCommands.length)
        assert.strictEqual(new Set(hostileUrls).size, hostileUrls.length)
        assert.strictEqual(new Set(hostilePaths).size, hostilePaths.length)
      })
    )

    for (const path of hostilePaths) {
      it.effect(`path ${shown(path)}`, () =>
        Effect.gen(function* () {
          const { call, home } = yield* Hostile
          const given = path.replace("HOME", home)
          for (const [tool, input] of [...readers, ...writers]) {
            const result = yield* call(tool, input(given))
            assert.strictEqual(codeOf(result), "PATH_REFUSED", tool)
            assert.notInclude(resultText(result), "SECRET")
          }
        })
      )
    }

    for (const path of readOnlyPaths) {
      it.effect(`path to be written ${shown(path)}`, () =>
        Effect.gen(function* () {
          const { call, home } = yield* Hostile
          for (const [tool, input] of writers)
            assert.strictEqual(codeOf(yield* call(tool, input(path.replace("HOME", home)))), "PATH_REFUSED", tool)
        })
      )
    }

    for (const [verdict, script] of hostileCommands) {
      it.effect(`command ${shown(script)}`, () =>
        Effect.gen(function* () {
          const { call } = yield* Hostile
          for (const more of [{}, { run_in_background: true }]) {
            const called = call("Bash", { command: script, ...more })
            if (verdict === "deny") assert.strictEqual(codeOf(yield* called), "COMMAND_REFUSED")
            else assert.strictEqual(yield* failureOf(called), "APPROVAL_REQUIRED")
          }
        })
      )
    }

    for (const url of hostileUrls) {
      it.effect(`address ${shown(url)}`, () =>
        Effect.gen(function* () {
          const { call } = yield* Hostile
          assert.strictEqual(codeOf(yield* call("WebFetch", { url })), "URL_REFUSED")
          assert.strictEqual(connections, 0)
        })
      )
    }

    for (const [code, tool, input] of hostileInputs) {
      it.effect(`input of ${tool} ${shown(JSON.stringify(input))}`, () =>
        Effect.gen(function* () {
          const { call } = yield* Hostile
          const answer = yield* Effect.result(call(tool, input))
          assert.strictEqual(Result.isSuccess(answer) ? codeOf(answer.success) : errorCode(answer.failure), code)
        })
      )
    }

    it.effect("and nothing has changed anywhere", () =>
      Effect.gen(function* () {
        const { home } = yield* Hostile
        // What the tools keep for themselves is theirs.
        const after = picture(home).filter((line) => !line.startsWith(join(home, "state")))
        assert.deepStrictEqual(after, before)
      })
    )

    it.effect("while a public address is connected to", () =>
      Effect.gen(function* () {
        const { call } = yield* Hostile
        assert.strictEqual(codeOf(yield* call("WebFetch", { url: "http://good.example/" })), "FETCH_FAILED")
        assert.strictEqual(connections, 1)
      })
    )
  })
})

describe("what is friendly runs without a question", () => {
  for (const script of friendlyCommands) {
    it.live(script, () =>
      Effect.gen(function* () {
        const { call, write } = yield* makeBench()
        write("inside.txt", "inside\n")
        write("sub/deep.txt", "deep\n")
        assert.strictEqual(codeOf(yield* call("Bash", { command: script })), "ok")
      })
    )
  }
})
