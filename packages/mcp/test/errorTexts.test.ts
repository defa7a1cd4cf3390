import { assert, describe, it } from "@effect/vitest"
import { ServerExited, SpawnFailed } from "@signalbox/mcp"

const exited = (exitCode: number | undefined, signal: string | undefined, ...stderrTail: ReadonlyArray<string>) =>
  new ServerExited({ serverName: "files", exitCode, signal, stderrTail })

const missing = (command: string, searchedPath: string | undefined) =>
  new SpawnFailed({ serverName: "files", command, reason: "CommandNotFound", searchedPath, cwd: undefined })

describe("the end of a server", () => {
  it("that exited is explained by its last words", () => {
    const error = exited(3, undefined, "starting", "no such database.", "")
    assert.strictEqual(error.message, 'Server "files" exited with status 3: no such database.')
    assert.include(error.hint, "says why")
    assert.strictEqual(exited(undefined, undefined).message, 'Server "files" closed its output.')
  })

  it("is explained by the line that names an error, whatever its runtime writes below it", () => {
    const node = [
      "Error: Cannot find module '/x/y.js'",
      "    at Module._load",
      "{",
      "  requireStack: []",
      "}",
      "",
      "Node.js v20.20.2"
    ]
    assert.strictEqual(
      exited(1, undefined, ...node).message,
      `Server "files" exited with status 1: Error: Cannot find module '/x/y.js'.`
    )
    const python = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'mcp'", ""]
    assert.include(exited(1, undefined, ...python).message, "ModuleNotFoundError: No module named 'mcp'")
    assert.include(exited(1, undefined, "no errors so far", "bye").message, "status 1: bye")
  })

  it("that was killed is not blamed on what it happened to have written", () => {
    const error = exited(undefined, "SIGKILL", "listening", "indexed 12 files")
    assert.strictEqual(
      error.message,
      'Server "files" was killed by SIGKILL; before that it wrote to standard error: indexed 12 files.'
    )
    assert.include(error.hint, "memory")
    assert.strictEqual(exited(undefined, "SIGTERM").message, 'Server "files" was killed by SIGTERM.')
    assert.notInclude(exited(undefined, "SIGTERM").hint, "memory")
    assert.include(exited(undefined, "SIGSEGV").hint, "crashed")
  })
})

describe("a command that is missing", () => {
  it("is told with the number of directories, however long PATH is", () => {
    const directories = Array.from({ length: 40 }, (_, index) => `/opt/tools/number-${index}/bin`)
    const error = missing("frobnicate", directories.join(":"))
    assert.strictEqual(
      error.message,
      'Server "files" could not be started: command "frobnicate" was not found in the 40 directories of PATH.'
    )
    assert.notInclude(error.message + error.hint, "/opt")
    assert.strictEqual(error.searchedPath, directories.join(":"))
    assert.include(missing("frobnicate", "/bin").message, "in the one directory of PATH")
    assert.include(missing("frobnicate", "").message, "because PATH is empty")
    assert.include(missing("frobnicate", "C:\\Windows;D:\\Tools\\bin").message, "in the 2 directories of PATH")
  })

  it("is told with what has to be installed, where that has another name", () => {
    assert.include(missing("uvx", "/bin").hint, 'Install uv, which brings "uvx"')
    assert.include(missing("npx", "/bin").hint, "Install Node.js")
    assert.include(missing("frobnicate", "/bin").hint, 'Install "frobnicate", or give its full path')
    assert.include(missing("constructor", "/bin").hint, 'Install "constructor"')
  })

  it("is no matter of PATH where it was given as a path", () => {
    const error = missing("/opt/gone", undefined)
    assert.include(error.message, 'there is no file "/opt/gone"')
    assert.notInclude(error.message + error.hint, "PATH")
    assert.include(error.hint, 'the command of "files"')
  })
})
