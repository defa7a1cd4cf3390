/** Folders and processes that a test leaves behind must be found and removed: help for both. */
import { execFile } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

/** A new folder that goes away with all it holds when disposed: `await using folder = await tempDirectory()`. */
export const tempDirectory = async (
  prefix = "signalbox-"
): Promise<AsyncDisposable & { readonly path: string; readonly file: (name: string) => string }> => {
  const path = await mkdtemp(join(tmpdir(), prefix))
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true })
  }
}

/**
 * Ids of the living processes that have `NAME=value` in their environment, this process excluded. Counting by a marker finds
 * orphans, whose parent is somebody else by now. Linux reads /proc; elsewhere `ps` shows the environments of one's own processes.
 */
export const markedProcesses = async (marker: {
  readonly name: string
  readonly value: string
}): Promise<Array<number>> => {
  const entry = `${marker.name}=${marker.value}`
  return process.platform === "linux" ? readProc(entry) : readPs(entry)
}

const readProc = async (entry: string): Promise<Array<number>> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
  const marked = await Promise.all(
    pids.map(async (pid) => {
      // A process may end, or belong to somebody else: then it has no environment for us. Zombies have an empty one.
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")
      return environment.split("\0").includes(entry)
    })
  )
  return pids.filter((_, index) => marked[index]).map(Number)
}

const readPs = async (entry: string): Promise<Array<number>> => {
  const { stdout } = await promisify(execFile)("ps", ["-Eww", "-axo", "pid=,command="], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split("\n")
    .filter((line) => line.includes(` ${entry} `) || line.endsWith(` ${entry}`))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid)
}
