import { assert, describe, it } from "@effect/vitest"
import { resultText } from "@signalbox/model"
import { Effect } from "effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { codeOf, makeBench } from "./support.ts"

describe("Read", () => {
  it.effect("shows a part of a file by its lines", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      write("a.txt", "one\r\ntwo\nthree\nfour\nfive")
      assert.strictEqual(
        yield* text("Read", { file_path: "a.txt", offset: 3, limit: 2 }),
        "3\tthree\n4\tfour\n[The file goes on. Continue with offset 5.]"
      )
      assert.strictEqual(yield* text("Read", { file_path: "a.txt", offset: 5 }), "5\tfive")
      assert.strictEqual(
        yield* text("Read", { file_path: "a.txt", limit: 1 }),
        "1\tone\n[The file goes on. Continue with offset 2.]"
      )
      assert.strictEqual(
        yield* text("Read", { file_path: "a.txt", offset: 9, pages: "1-2" }),
        "[Nothing is there: the file has 5 lines.]"
      )
      write("a.txt", "")
      assert.strictEqual(yield* text("Read", { file_path: "a.txt" }), "[The file is empty.]")
      write("a.txt", "x".repeat(200_000))
      assert.isTrue((yield* text("Read", { file_path: "a.txt" })).endsWith(" [... 200000 characters]"))
    })
  )

  it.effect("takes up where its own note says, until the end", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      const lines = Array.from({ length: 3000 }, (_, index) => `line ${index + 1} ${"é👍".repeat(index % 7)}`)
      write("long.txt", `${lines.join("\n")}\n`)
      const seen: Array<string> = []
      let offset: number | undefined = 1
      while (offset !== undefined) {
        const shown: string = yield* text("Read", { file_path: "long.txt", offset })
        assert.isAtMost(shown.length, 10_000)
        seen.push(
          ...shown
            .split("\n")
            .filter((line) => !line.startsWith("["))
            .map((line) => line.replace(/^\d+\t/, ""))
        )
        const next: string | undefined = /Continue with offset (\d+)/.exec(shown)?.[1]
        offset = next === undefined ? undefined : Number(next)
      }
      assert.deepStrictEqual(seen, lines)
    })
  )

  it.effect("reads no more of a large file than it shows", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench()
      const file = write("large.txt", "")
      // A file of a gigabyte with nothing behind its first lines.
      writeFileSync(file, "first\nsecond\n")
      const { truncateSync } = yield* Effect.promise(() => import("node:fs"))
      truncateSync(file, 1024 ** 3)
      const before = process.memoryUsage().rss
      const result = yield* call("Read", { file_path: "large.txt", limit: 2 })
      assert.strictEqual(codeOf(result), "FILE_BINARY")
      assert.isBelow(process.memoryUsage().rss - before, 50 * 1024 * 1024)
    })
  )

  it.effect("knows what is no text, no file, and not there", () =>
    Effect.gen(function* () {
      const { call, write, work } = yield* makeBench()
      write("nul.bin", new Uint8Array([65, 0, 66]))
      write("latin.txt", new Uint8Array([0xe4, 0x0a]))
      mkdirSync(join(work, "folder"))
      assert.strictEqual(codeOf(yield* call("Read", { file_path: "nul.bin" })), "FILE_BINARY")
      assert.strictEqual(codeOf(yield* call("Read", { file_path: "latin.txt" })), "FILE_BINARY")
      assert.strictEqual(codeOf(yield* call("Read", { file_path: "folder" })), "FILE_KIND_WRONG")
      assert.strictEqual(codeOf(yield* call("Read", { file_path: "none.txt" })), "FILE_NOT_FOUND")
    })
  )
})

describe("Write", () => {
  it.effect("makes the folders that it needs, and keeps the mode of what it replaces", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      assert.strictEqual(
        yield* text("Write", { file_path: "a/b/c.txt", content: "hé👍" }),
        "a/b/c.txt written (3 characters)."
      )
      assert.strictEqual(readFileSync(join(work, "a/b/c.txt"), "utf8"), "hé👍")
      const tool = write("tool", "old")
      // The last one has more than the mask of the process leaves of it.
      for (const mode of [0o755, 0o600, 0o666]) {
        chmodSync(tool, mode)
        yield* call("Write", { file_path: "tool", content: `new ${mode}` })
        assert.strictEqual(statSync(tool).mode & 0o777, mode)
        assert.strictEqual(readFileSync(tool, "utf8"), `new ${mode}`)
      }
    })
  )

  it.effect("refuses more than the limit of size, and leaves what is there", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench(({ limits, ...rest }) => ({
        ...rest,
        limits: { ...limits, maxFileBytes: 10 }
      }))
      const file = write("a.txt", "old")
      assert.strictEqual(codeOf(yield* call("Write", { file_path: "a.txt", content: "é".repeat(6) })), "FILE_TOO_LARGE")
      assert.strictEqual(codeOf(yield* call("Write", { file_path: "b.txt", content: "12345678901" })), "FILE_TOO_LARGE")
      assert.strictEqual(readFileSync(file, "utf8"), "old")
    })
  )

  it.effect("makes no file of a path that names a folder, nor do the other tools take it for one", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      write("a.txt", "old")
      for (const file_path of ["new/", "new/.", "new/sub/..", "a.txt/"]) {
        const edit = { old_string: "old", new_string: "new" }
        const results = yield* Effect.all([
          call("Write", { file_path, content: "new" }),
          call("Edit", { file_path, ...edit }),
          call("MultiEdit", { file_path, edits: [edit] }),
          call("NotebookEdit", { notebook_path: file_path, new_source: "", edit_mode: "insert" })
        ])
        for (const result of results) assert.strictEqual(codeOf(result), "FILE_KIND_WRONG", file_path)
      }
      for (const name of ["Read", "NotebookRead"])
        assert.strictEqual(codeOf(yield* call(name, { file_path: "a.txt/" })), "FILE_KIND_WRONG")
      assert.strictEqual(codeOf(yield* call("Grep", { pattern: "old", path: "a.txt/" })), "FILE_KIND_WRONG")
      assert.strictEqual(codeOf(yield* call("Write", { file_path: "../x/", content: "" })), "PATH_REFUSED")
      assert.strictEqual(yield* text("LS", { path: "./" }), "a.txt")
      assert.strictEqual(readFileSync(join(work, "a.txt"), "utf8"), "old")
    })
  )

  it.effect("leaves no draft behind", () =>
    Effect.gen(function* () {
      const { call, text, work } = yield* makeBench()
      mkdirSync(join(work, "taken"))
      assert.strictEqual(codeOf(yield* call("Write", { file_path: "taken", content: "x" })), "FILE_KIND_WRONG")
      yield* call("Write", { file_path: "x.txt", content: "x" })
      assert.strictEqual(yield* text("LS", { all: true }), "taken/\nx.txt")
    })
  )
})

describe("arguments", () => {
  it.effect("that are no parameters, or are missing, are told by their names", () =>
    Effect.gen(function* () {
      const { call } = yield* makeBench()
      const error = yield* Effect.flip(call("Read", { paht: "a.txt" }))
      assert.strictEqual(error.code, "INVALID_PARAMS")
      assert.include(error.message, "paht: there is no such parameter")
      assert.include(error.message, "file_path: it is missing")
    })
  )
})

describe("Edit", () => {
  it.effect("replaces exactly what is expected, or nothing", () =>
    Effect.gen(function* () {
      const { call, text, write } = yield* makeBench()
      const file = write("a.txt", "one two one\n")
      const twice = yield* text("Edit", { file_path: "a.txt", old_string: "one", new_string: "1" })
      assert.include(twice, "occurs 2 times, and 1 time was expected")
      assert.strictEqual(readFileSync(file, "utf8"), "one two one\n")
      yield* call("Edit", { file_path: "a.txt", old_string: "one", new_string: "$&", expected_replacements: 2 })
      assert.strictEqual(readFileSync(file, "utf8"), "$& two $&\n")
      yield* call("Edit", { file_path: "a.txt", old_string: "$&", new_string: "1", replace_all: true })
      assert.strictEqual(readFileSync(file, "utf8"), "1 two 1\n")
      assert.strictEqual(
        codeOf(yield* call("Edit", { file_path: "a.txt", old_string: "", new_string: "x" })),
        "EDIT_FAILED"
      )
      assert.include(
        yield* text("Edit", { file_path: "a.txt", old_string: "zwei", new_string: "two" }),
        "has the new text already"
      )
      assert.strictEqual(
        codeOf(yield* call("Edit", { file_path: "a.txt", old_string: "zwei", new_string: "2" })),
        "EDIT_FAILED"
      )
    })
  )

  it.effect("keeps the line ends of Windows, and a mark at the beginning", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench()
      const file = write("a.txt", "\uFEFFone\r\ntwo\r\nthree\r\n")
      yield* call("Edit", { file_path: "a.txt", old_string: "one\ntwo", new_string: "1\n2" })
      assert.strictEqual(readFileSync(file, "utf8"), "\uFEFF1\r\n2\r\nthree\r\n")
    })
  )

  it.effect("does all edits of one file that are asked for at once", () =>
    Effect.gen(function* () {
      const { call, write } = yield* makeBench()
      const file = write("a.txt", "end")
      yield* Effect.forEach(
        Array.from({ length: 10 }, (_, index) => index),
        (index) =>
          call("Edit", { file_path: index % 2 === 0 ? "a.txt" : file, old_string: "end", new_string: `${index}.end` }),
        { concurrency: "unbounded" }
      )
      const numbers = readFileSync(file, "utf8").split(".").slice(0, -1).map(Number)
      assert.deepStrictEqual(
        numbers.toSorted((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      )
    })
  )
})

describe("MultiEdit", () => {
  it.effect("does all of its edits or none, and names the one that does not fit", () =>
    Effect.gen(function* () {
      const { call, text, write } = yield* makeBench()
      const file = write("a.txt", "a b c")
      const edits = [
        { old_string: "a", new_string: "b" },
        { old_string: "b b", new_string: "x" },
        { old_string: "nothing", new_string: "y" }
      ]
      assert.include(yield* text("MultiEdit", { file_path: "a.txt", edits }), "edit 3: the old text does not occur")
      assert.strictEqual(readFileSync(file, "utf8"), "a b c")
      yield* call("MultiEdit", { file_path: "a.txt", edits: edits.slice(0, 2) })
      assert.strictEqual(readFileSync(file, "utf8"), "x c")
    })
  )
})

describe("Glob", () => {
  it.effect("finds files by pattern, each search in its own folder", () =>
    Effect.gen(function* () {
      const { text, work, write } = yield* makeBench()
      write("a/one.ts", "")
      write("a/deep/two.ts", "")
      write("b/three.ts", "")
      write("b/four.js", "")
      write("node_modules/x/five.ts", "")
      const [inA, inB] = yield* Effect.all(
        [text("Glob", { pattern: "**/*.ts", path: "a" }), text("Glob", { pattern: "*.{ts,js}", directory: "b" })],
        { concurrency: 2 }
      )
      assert.strictEqual(inA, [join(work, "a/one.ts"), join(work, "a/deep/two.ts")].join("\n"))
      assert.strictEqual(inB, [join(work, "b/four.js"), join(work, "b/three.ts")].join("\n"))
      assert.notInclude(yield* text("Glob", { pattern: "**/*.ts" }), "node_modules")
      assert.include(yield* text("Glob", { pattern: "**/*.ts", include_ignored: true }), "five.ts")
      assert.strictEqual(yield* text("Glob", { pattern: "[!a-z]*" }), "No file fits the pattern.")
    })
  )

  it.effect("says which patterns are none, and takes a bracket that is escaped", () =>
    Effect.gen(function* () {
      const { call, text, write } = yield* makeBench()
      const file = write("[b", "")
      for (const pattern of ["[b", "", "./", "a/[]", "{a"])
        assert.strictEqual(codeOf(yield* call("Glob", { pattern })), "PATTERN_INVALID", pattern)
      for (const glob of ["[b", ""])
        assert.strictEqual(codeOf(yield* call("Grep", { pattern: "x", glob })), "PATTERN_INVALID", glob)
      assert.strictEqual(codeOf(yield* call("LS", { ignore: ["[b"] })), "PATTERN_INVALID")
      assert.strictEqual(yield* text("Glob", { pattern: "\\[b" }), file)
    })
  )

  it.effect("shows the newest first, and says when there are more", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench(({ limits, ...rest }) => ({
        ...rest,
        limits: { ...limits, maxEntries: 2 }
      }))
      for (const [index, name] of ["old", "new", "middle"].entries())
        utimesSync(write(name, ""), 1000 + index, [1000, 3000, 2000][index] ?? 0)
      const shown = yield* text("Glob", { pattern: "{old,new}", newest_first: true })
      assert.match(shown, /new\n.*old$/)
      assert.include(yield* text("Glob", { pattern: "*" }), "[Only the first 2 are shown.")
    })
  )
})

describe("names with line breaks", () => {
  it.effect("are one line of a list, and themselves in the data", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      const name = "we\nird\u0085.txt"
      const file = write(name, "one")
      const shown = "we\\nird\\u0085.txt"
      assert.strictEqual(yield* text("LS", {}), shown)
      assert.strictEqual(yield* text("Glob", { pattern: "*" }), join(work, shown))
      assert.strictEqual(yield* text("Grep", { pattern: "one" }), join(work, shown))
      assert.strictEqual(yield* text("Grep", { pattern: "one", output_mode: "count" }), `${join(work, shown)}:1`)
      assert.strictEqual(yield* text("Grep", { pattern: "one", output_mode: "content" }), `${join(work, shown)}:1:one`)
      assert.deepInclude((yield* call("LS", {})).structuredContent, { entries: [{ name, kind: "file" }] })
      assert.deepInclude((yield* call("Glob", { pattern: "*" })).structuredContent, { files: [file] })
      assert.deepInclude((yield* call("Grep", { pattern: "one" })).structuredContent, { files: [{ file, count: 1 }] })
    })
  )
})

describe("LS", () => {
  it.effect("sorts, marks folders and links, and hides what begins with a dot", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      write("b.txt", "12345")
      write("a/x", "")
      write(".hidden", "")
      symlinkSync("/etc", join(work, "link"))
      assert.strictEqual(yield* text("LS", {}), "a/\nb.txt\nlink@")
      assert.strictEqual(yield* text("LS", { all: true, ignore: ["b*", "link"] }), ".hidden\na/")
      assert.match(yield* text("LS", { long: true, ignore: ["a", "link"] }), /^ +5 {2}\d{4}-\d\d-\d\dT.*Z {2}b\.txt$/)
      assert.strictEqual(codeOf(yield* call("LS", { path: "b.txt" })), "FILE_KIND_WRONG")
      assert.strictEqual(codeOf(yield* call("LS", { path: "none" })), "FILE_NOT_FOUND")
    })
  )
})

describe("a file that says what tools may do", () => {
  it.effect("is read, and written by none, whether it is there or not", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => {
        const { paths } = options
        return { ...options, paths: { ...paths, protect: ["rules.yaml", join(paths.cwd, "none.yaml")] } }
      })
      const { call, text, work, write } = bench
      write("rules.yaml", "allow: nothing")
      assert.include(yield* text("Read", { file_path: "rules.yaml" }), "allow: nothing")
      for (const [tool, input] of [
        ["Write", { content: "allow: all" }],
        ["Edit", { old_string: "nothing", new_string: "all" }],
        ["MultiEdit", { edits: [{ old_string: "nothing", new_string: "all" }] }]
      ] as const)
        for (const file_path of ["rules.yaml", "sub/../rules.yaml", "none.yaml", join(work, "none.yaml")])
          assert.strictEqual(codeOf(yield* call(tool, { ...input, file_path })), "PATH_REFUSED", `${tool} ${file_path}`)
      const redirected = yield* call("Bash", { command: "echo all > rules.yaml" })
      assert.include(resultText(redirected), "only a person changes it")
      assert.strictEqual(readFileSync(join(work, "rules.yaml"), "utf8"), "allow: nothing")
    })
  )
})

describe("a link", () => {
  it.effect("is neither read nor written through, and a new file takes nobody else's place", () =>
    Effect.gen(function* () {
      const { call, home, text, work, write } = yield* makeBench()
      writeFileSync(join(home, "secret"), "secret")
      symlinkSync(join(home, "secret"), join(work, "link"))
      symlinkSync(home, join(work, "up"))
      symlinkSync(join(home, "not there"), join(work, "dangling"))
      for (const path of ["link", "up/secret", "up/work/link"]) {
        assert.strictEqual(codeOf(yield* call("Read", { file_path: path })), "PATH_REFUSED", path)
        assert.strictEqual(codeOf(yield* call("Write", { file_path: path, content: "x" })), "PATH_REFUSED", path)
      }
      assert.strictEqual(codeOf(yield* call("Write", { file_path: "dangling", content: "x" })), "PATH_REFUSED")
      assert.isFalse(existsSync(join(home, "not there")))
      assert.strictEqual(readFileSync(join(home, "secret"), "utf8"), "secret")
      write("a.txt", "secret")
      assert.strictEqual(yield* text("Grep", { pattern: "secret" }), join(work, "a.txt"))
    })
  )

  it.effect("is followed to an allowed place where the options say so", () =>
    Effect.gen(function* () {
      const { call, home, text, work, write } = yield* makeBench(({ paths, ...rest }) => ({
        ...rest,
        paths: { ...paths, followsSymlinks: true }
      }))
      write("real/a.txt", "x")
      symlinkSync(join(work, "real"), join(work, "link"))
      symlinkSync(home, join(work, "up"))
      assert.strictEqual(yield* text("Read", { file_path: "link/a.txt" }), "1\tx")
      assert.strictEqual(codeOf(yield* call("LS", { path: "up" })), "PATH_REFUSED")
    })
  )
})
