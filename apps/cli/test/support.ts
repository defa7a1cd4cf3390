/**
 * The program as a real process: started as a person starts it, in a folder and an environment of its own, and
 * watched from outside.
 */
import { fxMcpCommand, type FxMcpFlags, markedProcesses, tempDirectory, waitFor } from "@signalbox/testing"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { main } from "./program.ts"

const cache = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url))

/** The variable that the servers of a test carry, by which they are counted. */
const markerName = "SIGNALBOX_CLI_TEST"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The one JSON value on stdout; it is an error of the test when there is another. */
  readonly json: () => Envelope
}

/** The envelope as a test reads it. */
export interface Envelope {
  readonly status: string
  // Each test knows the data of its own command.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
  readonly error: {
    readonly error_code: string
    readonly message: string
    readonly hint?: string
    readonly details: Readonly<Record<string, unknown>>
  } | null
  readonly error_code: string | null
  readonly correlation_id: string
}

export interface Running {
  readonly pid: number
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Writes a line to its standard input. */
  readonly type: (line: string) => void
  /** Waits until a text stands on stdout or stderr, the nth time (from 1). */
  readonly says: (text: string, times?: number) => Promise<void>
  readonly ended: Promise<Ended>
}

/** A person at a terminal: each wait begins where the one before ended. */
export interface Terminal extends Running {
  readonly press: (keys: string) => void
  readonly sees: (text: string) => Promise<void>
  /** Leaves a chat by Ctrl-C at its prompt, where nothing has been typed. */
  readonly leave: () => Promise<Ended>
}

/** A folder with a configuration, and the program in it. */
export interface Place extends AsyncDisposable {
  readonly path: string
  readonly file: (name: string) => string
  /** A stdio server of fx-mcp that carries the marker of this place. */
  readonly server: (flags?: FxMcpFlags) => object
  readonly configure: (config: Readonly<Record<string, unknown>>) => void
  readonly start: (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Running
  /** The same on a terminal of 80 columns, which `script` of the system makes. */
  readonly startOnTerminal: (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Terminal
  readonly run: (
    args: ReadonlyArray<string>,
    options?: { readonly env?: Readonly<Record<string, string>>; readonly input?: string }
  ) => Promise<Ended>
  /** Living servers of this place. */
  readonly servers: () => Promise<ReadonlyArray<number>>
  /** Everything that lives and was started in this place: programs, those in the background too, and servers. */
  readonly processes: () => Promise<ReadonlyArray<number>>
  /** The names of the files by which a running host is found. */
  readonly controlFiles: () => ReadonlyArray<string>
}

const count = (text: string, part: string): number => text.split(part).length - 1

const follow = (child: ChildProcess): Running => {
  let stdout = ""
  let stderr = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  const ended = once(child, "close").then(([code]): Ended => ({
    // The first argument of "close" is the exit code, null after a signal.
    code: code as number | null,
    stdout,
    stderr,
    // What the program prints with `--json` is this envelope; other shapes fail the test that reads them.
    json: () => JSON.parse(stdout) as Envelope
  }))
  return {
    pid: child.pid ?? 0,
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    type: (line) => child.stdin?.write(`${line}\n`),
    says: async (text, times = 1) => {
      await waitFor(() => count(stdout, text) + count(stderr, text) >= times, {
        description: JSON.stringify(text),
        limitMs: 40_000,
        state: () => JSON.stringify({ stdout, stderr, exitCode: child.exitCode })
      })
    },
    ended
  }
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

const scriptArguments = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const command = `stty cols 80 rows 24; exec ${words.map(quote).join(" ")}`
  return process.platform === "linux" ? ["-qfec", command, "/dev/null"] : ["-q", "/dev/null", "/bin/sh", "-c", command]
}

const atTerminal = (running: Running): Terminal => {
  let position = 0
  const press: Terminal["press"] = (keys) => running.child.stdin?.write(keys)
  const sees: Terminal["sees"] = async (text) => {
    await waitFor(() => running.stdout().includes(text, position), {
      description: JSON.stringify(text),
      limitMs: 40_000,
      state: () => JSON.stringify(running.stdout().slice(position))
    })
    position = running.stdout().indexOf(text, position) + text.length
  }
  return {
    ...running,
    press,
    sees,
    leave: async () => {
      press("\u0003")
      await sees("Ctrl-C once more leaves")
      await sees("you ›")
      press("\u0003")
      return running.ended
    }
  }
}

/** It may have ended by itself meanwhile. */
const killQuietly = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}

export const makePlace = async (): Promise<Place> => {
  const folder = await tempDirectory("signalbox-cli-")
  const marker = { name: markerName, value: `${process.pid}-${folder.path}` }
  const environment = (env: Readonly<Record<string, string>>) => ({
    PATH: process.env["PATH"] ?? "",
    HOME: folder.path,
    // As every shell says it.
    PWD: folder.path,
    XDG_RUNTIME_DIR: folder.path,
    NODE_COMPILE_CACHE: cache,
    ...env
  })
  const start: Place["start"] = (args, env = {}) =>
    follow(spawn(process.execPath, [main, ...args], { cwd: folder.path, env: environment(env) }))
  const servers = () => markedProcesses(marker)
  // A home of its own is the mark that programs and servers share.
  const processes = () => markedProcesses({ name: "HOME", value: folder.path })
  return {
    path: folder.path,
    file: folder.file,
    server: (flags = {}) => ({
      enabled: true,
      transport: "stdio",
      ...fxMcpCommand({ maxLife: 120_000, ...flags }),
      env: { [marker.name]: marker.value }
    }),
    configure: (config) =>
      writeFileSync(
        folder.file("signalbox.json"),
        JSON.stringify({
          extends: "preset:default@1",
          // Those of the tests that are about them say so.
          tools: { enabled: [] },
          model: { provider: "offline" },
          // Only tests of approval are about it.
          conversation: { approval: { mode: "auto" } },
          servers: {},
          ...config
        })
      ),
    start,
    startOnTerminal: (args, env = {}) =>
      atTerminal(
        follow(
          spawn("/usr/bin/script", scriptArguments([process.execPath, main, ...args]), {
            cwd: folder.path,
            env: environment({ TERM: "xterm", ...env })
          })
        )
      ),
    run: async (args, { env = {}, input = "" } = {}) => {
      const running = start(args, env)
      running.child.stdin?.end(input)
      return running.ended
    },
    servers,
    processes,
    controlFiles: () => {
      const directory = folder.file("signalbox")
      return existsSync(directory) ? readdirSync(directory).toSorted() : []
    },
    [Symbol.asyncDispose]: async () => {
      for (const pid of await processes()) killQuietly(pid)
      for (const pid of await servers()) killQuietly(pid)
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** A configuration in which a model answers from fx-llm. */
export const upstream = (provider: "claude" | "openai", url: string) => ({
  model: { provider },
  providers: {
    claude: { apiKey: "env:ANTHROPIC_API_KEY", baseUrl: url, model: "fx-model" },
    openai: { apiKey: "env:OPENAI_API_KEY", baseUrl: `${url}/v1`, model: "fx-model" }
  }
})

/** Every line of a text as JSON. */
export const jsonLines = (text: string): ReadonlyArray<Record<string, unknown>> =>
  text
    .trim()
    .split("\n")
    // A line that is no object fails the assertions made about it.
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export const envelopeKeys = ["status", "data", "error", "error_code", "timestamp", "duration_ms", "correlation_id"]
