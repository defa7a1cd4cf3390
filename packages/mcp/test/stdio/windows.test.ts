import * as NodePath from "@effect/platform-node/NodePath"
import { assert, describe, it } from "@effect/vitest"
import { connect, ParentEnvironment } from "@signalbox/mcp"
import { Effect, FileSystem, Layer, PlatformError } from "effect"
import { ChildProcessSpawner } from "effect/process"
import { stdioServer } from "../fixture.ts"

const nodejs = "C:\\Program Files\\nodejs"
const npm = "C:\\Users\\ada\\AppData\\Roaming\\npm"

const npxShim = String.raw`:: Created by npm, please don't edit manually.
@ECHO OFF

SETLOCAL

SET "NODE_EXE=%~dp0\node.exe"
IF NOT EXIST "%NODE_EXE%" (
  SET "NODE_EXE=node"
)

SET "NPM_PREFIX_JS=%~dp0\node_modules\npm\bin\npm-prefix.js"
SET "NPX_CLI_JS=%~dp0\node_modules\npm\bin\npx-cli.js"
FOR /F "delims=" %%F IN ('CALL "%NODE_EXE%" "%NPM_PREFIX_JS%"') DO (
  SET "NPM_PREFIX_NPX_CLI_JS=%%F\node_modules\npm\bin\npx-cli.js"
)
IF EXIST "%NPM_PREFIX_NPX_CLI_JS%" (
  SET "NPX_CLI_JS=%NPM_PREFIX_NPX_CLI_JS%"
)

"%NODE_EXE%" "%NPX_CLI_JS%" %*
`

const npmBinShim = String.raw`@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0

IF EXIST "%dp0%\node.exe" (
  SET "_prog=%dp0%\node.exe"
) ELSE (
  SET "_prog=node"
  SET PATHEXT=%PATHEXT:;.JS;=;%
)

endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\node_modules\files & more\dist\index.js" --stdio %*
`

const pnpmShim = String.raw`@SETLOCAL
@IF EXIST "%~dp0\node.exe" (
  "%~dp0\node.exe"  "%~dp0\global\5\node_modules\memory\index.js" %*
) ELSE (
  @SET PATHEXT=%PATHEXT:;.JS;=;%
  node  "%~dp0\global\5\node_modules\memory\index.js" %*
)
`

const notFound = PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method: "stat" })

const textOf = (files: Readonly<Record<string, string>>, file: string) => {
  const text = files[file]
  return text === undefined ? Effect.fail(notFound) : Effect.succeed(text)
}

/** What is started on a Windows machine with these files, told by the spawner. */
const startedOn = (files: Readonly<Record<string, string>>, command: string, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const started: Array<ReadonlyArray<string>> = []
    const spawner = ChildProcessSpawner.make((command) => {
      if (command._tag === "StandardCommand") started.push([command.command, ...command.args.map(String)])
      return Effect.fail(notFound)
    })
    const fileSystem = FileSystem.layerNoop({
      // Of what a file is, only its kind is asked.
      stat: (file) => Effect.as(textOf(files, file), { type: "File" } as FileSystem.File.Info),
      readFileString: (file) => textOf(files, file)
    })
    const error = yield* connect(stdioServer({ command, args })).pipe(
      Effect.scoped,
      Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner),
      Effect.provideService(ParentEnvironment, { Path: `${nodejs};${npm}`, PATHEXT: ".COM;.EXE;.BAT;.CMD" }),
      Effect.provide(Layer.merge(fileSystem, NodePath.layerWin32)),
      Effect.flip
    )
    return { error, started }
  })

const node = { [`${nodejs}\\node.exe`]: "" }

describe("the command of a server on Windows", () => {
  it.effect("starts the program behind npx, without a shell, whatever is in the arguments", () =>
    Effect.gen(function* () {
      const nasty = ["-y", "@scope/server", `a "quoted" & %PATH% ^ value`]
      const { started } = yield* startedOn({ ...node, [`${nodejs}\\npx.cmd`]: npxShim }, "npx", nasty)
      assert.deepStrictEqual(started, [
        [`${nodejs}\\node.exe`, `${nodejs}\\node_modules\\npm\\bin\\npx-cli.js`, ...nasty]
      ])
    })
  )

  it.effect("starts what npm has installed, with the Node of the PATH where none is beside it", () =>
    Effect.gen(function* () {
      const { started } = yield* startedOn({ ...node, [`${npm}\\mcp-files.cmd`]: npmBinShim }, "mcp-files", [
        "C:\\work"
      ])
      assert.deepStrictEqual(started, [
        [`${nodejs}\\node.exe`, `${npm}\\node_modules\\files & more\\dist\\index.js`, "--stdio", "C:\\work"]
      ])
    })
  )

  it.effect("starts what pnpm has installed, with the Node beside it where there is one", () =>
    Effect.gen(function* () {
      const shim = { [`${npm}\\mcp-memory.cmd`]: pnpmShim }
      const script = `${npm}\\global\\5\\node_modules\\memory\\index.js`
      const other = yield* startedOn({ ...node, ...shim }, "mcp-memory", [])
      assert.deepStrictEqual(other.started, [[`${nodejs}\\node.exe`, script]])
      const beside = yield* startedOn({ ...node, ...shim, [`${npm}\\node.exe`]: "" }, "mcp-memory", [])
      assert.deepStrictEqual(beside.started, [[`${npm}\\node.exe`, script]])
    })
  )

  it.effect("starts a program as it is", () =>
    Effect.gen(function* () {
      const { started } = yield* startedOn({ "C:\\tools\\uvx.exe": "" }, "C:\\tools\\uvx", ["mcp-server-git"])
      assert.deepStrictEqual(started, [["C:\\tools\\uvx.exe", "mcp-server-git"]])
    })
  )

  it.effect("refuses a batch file that does more than start a program, and says what to do", () =>
    Effect.gen(function* () {
      const { error, started } = yield* startedOn(
        { ...node, "C:\\work\\run.bat": "set KEY=%1\r\ncall build.bat\r\nnode server.js\r\n" },
        "C:\\work\\run.bat",
        []
      )
      assert.deepStrictEqual(started, [])
      assert.strictEqual(error._tag, "SpawnFailed")
      assert.include(error.message, "is a batch file")
      assert.include(error.hint ?? "", "Make the program that it starts the command")
    })
  )

  it.effect("names the program behind a shim that is not installed", () =>
    Effect.gen(function* () {
      const { error, started } = yield* startedOn({ [`${npm}\\mcp-files.cmd`]: npmBinShim }, "mcp-files", [])
      assert.deepStrictEqual(started, [])
      assert.strictEqual(
        error.message,
        'Server "fx" could not be started: command "node" was not found in the 2 directories of PATH.'
      )
    })
  )
})
