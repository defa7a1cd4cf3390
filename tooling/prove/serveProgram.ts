/**
 * `signalbox serve` as a process of its own, seen from outside: what it says over HTTP, what its own commands say of it, and
 * what the system knows of its process.
 */
import { tempDirectory } from "@signalbox/testing"
import { execFile } from "node:child_process"
import { readdir, readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type ProgramPlace, startProgram } from "./agents/startProgram.ts"

const program = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url))

/** A running server. */
export interface ServeProgram extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** Everything that it has written. */
  readonly text: () => string
  /** What a command of its own says of it with `--json`. */
  readonly tells: (...command: ReadonlyArray<string>) => Promise<unknown>
}

/** How long it may take to end once it is asked to. */
const endMillis = 15_000

/** A folder in which `signalbox` runs over a configuration, with `FX_KEY` set. */
export interface Installation extends AsyncDisposable {
  readonly place: ProgramPlace
  /** The words of a command. */
  readonly words: (...command: ReadonlyArray<string>) => ReadonlyArray<string>
}

/** Writes the configuration. */
export const install = async (configuration: object): Promise<Installation> => {
  const folder = await tempDirectory("signalbox-proof-")
  const file = folder.file("signalbox.yaml")
  // JSON is YAML.
  await writeFile(
    file,
    JSON.stringify({ extends: "preset:default@1", server: { port: 0 }, tools: { enabled: [] }, ...configuration })
  )
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder.path,
    XDG_CACHE_HOME: folder.path,
    XDG_DATA_HOME: folder.path,
    XDG_RUNTIME_DIR: folder.path,
    FX_KEY: "sk-upstream"
  }
  return {
    place: { cwd: folder.path, env },
    words: (...command) => [process.execPath, program, ...command, "--config", file],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]()
  }
}

/** Starts it over a configuration. */
export const startServe = async (configuration: object): Promise<ServeProgram> => {
  const installation = await install(configuration)
  const { place, words } = installation
  const running = startProgram(words("serve"), place)
  const failed = running.ended.then((code): never => {
    throw new Error(`signalbox serve ended with ${code}: ${running.text()}`)
  })
  const [, url = ""] = await Promise.race([running.says(/(http:\/\/127\.0\.0\.1:\d+)/), failed])
  // Later it ends because it is asked to.
  failed.catch(() => {})
  return {
    url,
    pid: running.pid,
    text: running.text,
    tells: async (...command) => {
      const [node = "", ...args] = words(...command, "--json")
      const { stdout } = await promisify(execFile)(node, args, place)
      return (JSON.parse(stdout) as { readonly data: unknown }).data // The envelope of all commands.
    },
    [Symbol.asyncDispose]: async () => {
      running.signal("SIGTERM")
      if (!(await running.endsWithin(endMillis))) running.signal("SIGKILL")
      await running.ended
      await installation[Symbol.asyncDispose]()
    }
  }
}

/** Descriptors that are open in a process. */
export const descriptorsOf = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length

/** What a process has in memory, in MB. */
export const memoryOf = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s*(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1000
