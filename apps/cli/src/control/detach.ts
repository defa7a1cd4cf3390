/**
 * A host that goes on when the command that started it is over: the same command again, in a session and a process
 * group of its own, with a log file for what it writes. It is known to run when it has taken its place and answers there.
 */
import { findConfig } from "@signalbox/host"
import { connectControl, type ControlPlace, findHost } from "@signalbox/server/control"
import { Effect, FileSystem, Option, Path } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { homedir } from "node:os"
import { BackgroundStartFailed } from "../errors.ts"
import { Setting } from "../Setting.ts"
import { configSource } from "../withHost.ts"

/** Where this system keeps what programs note of themselves (XDG Base Directory Specification). */
const stateDirectory = Effect.gen(function* () {
  const path = yield* Path.Path
  if (process.platform === "darwin") return path.join(homedir(), "Library", "Logs", "signalbox")
  if (process.platform === "win32") return path.join(process.env["LOCALAPPDATA"] ?? homedir(), "signalbox", "logs")
  const named = process.env["XDG_STATE_HOME"] ?? ""
  return path.join(path.isAbsolute(named) ? named : path.join(homedir(), ".local", "state"), "signalbox")
})

/** A log that has grown beyond this is put aside at the next start, so that there are two of them at most. */
const largestLog = 10_000_000n

const prepareLog = Effect.fnUntraced(function* (place: ControlPlace) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* stateDirectory
  yield* fs.makeDirectory(directory, { recursive: true, mode: 0o700 })
  const file = path.join(directory, `${path.basename(place.recordFile, ".json")}.log`)
  const size = yield* Effect.orElseSucceed(
    Effect.map(fs.stat(file), ({ size }) => BigInt(size)),
    () => 0n
  )
  if (size > largestLog) yield* fs.rename(file, `${file}.old`)
  return file
})

/** The program as it was started, without what the person said. */
const self = (): ReadonlyArray<string> => [...process.execArgv, process.argv[1] ?? ""]

const start = (args: ReadonlyArray<string>, logFile: string, directory: string): ChildProcess => {
  const log = openSync(logFile, "a", 0o600)
  const child = spawn(process.execPath, [...self(), ...args], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", log, log],
    windowsHide: true
  })
  closeSync(log)
  child.unref()
  return child
}

const lastLine = Effect.fnUntraced(function* (logFile: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fs.readFileString(logFile), () => "")
  return text.trimEnd().split("\n").at(-1) ?? ""
})

/** How often it is looked whether it answers. */
const pause = "25 millis"

/** Starts the servers of these names in the background and waits until their host answers. Interrupting it ends the host. */
export const startDetached = Effect.fnUntraced(function* (names: ReadonlyArray<string>, place: ControlPlace) {
  const { directory, logLevel } = yield* Setting
  // As it was named, not where links lead: relative paths in it start there.
  const { file = place.configFile } = yield* findConfig(yield* configSource())
  const logFile = yield* Effect.orDie(prepareLog(place))
  const args = [
    "servers",
    "start",
    ...names.flatMap((name) => ["--server", name]),
    "--log-file",
    logFile,
    "--config",
    file,
    "--json",
    "--log-format",
    "json",
    "--log-level",
    Option.getOrElse(logLevel, () => "info")
  ]
  const child = yield* Effect.sync(() => start(args, logFile, directory))
  const ended = Effect.callback<never, BackgroundStartFailed, FileSystem.FileSystem>((resume) => {
    const onExit = (code: number | null) =>
      resume(
        Effect.flatMap(lastLine(logFile), (lastLine) =>
          Effect.fail(new BackgroundStartFailed({ exitCode: code ?? undefined, logFile, lastLine }))
        )
      )
    child.once("exit", onExit)
    child.once("error", () => onExit(null))
    return Effect.sync(() => child.off("exit", onExit))
  })
  const answers = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    for (;;) {
      const isTaken = yield* Effect.orElseSucceed(fs.exists(place.recordFile), () => false)
      const record = isTaken ? yield* findHost(place) : undefined
      if (record?.pid === child.pid && record?.ready === true) return yield* connectControl(record)
      yield* Effect.sleep(pause)
    }
  })
  return yield* Effect.onInterrupt(Effect.raceFirst(answers, ended), () => Effect.sync(() => child.kill("SIGTERM")))
})
