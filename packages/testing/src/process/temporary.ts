/** Folders and processes that a test leaves behind must be found and removed: help for both. */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
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

/** Tests look again and again until somebody is gone: reading one file after the other costs much less than promises of all. */
const readProc = (entry: string): Array<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid) && isMarked(name, entry))
    .map(Number)

const isMarked = (pid: string, entry: string): boolean => {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`)
    return environment.includes(entry) && environment.toString().split("\0").includes(entry)
  } catch {
    // It has ended, or belongs to somebody else: then it has no environment for us. Zombies have an empty one.
    return false
  }
}

const readPs = async (entry: string): Promise<Array<number>> => {
  const { stdout } = await promisify(execFile)("ps", ["-Eww", "-axo", "pid=,command="], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split("\n")
    .filter((line) => line.includes(` ${entry} `) || line.endsWith(` ${entry}`))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid)
}
