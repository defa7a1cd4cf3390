/** What a run leaves behind in this process and beside it. */
import { Effect } from "effect"
import { waitFor } from "@signalbox/testing"
import { execFile } from "node:child_process"
import { readdir, readFile, readlink } from "node:fs/promises"
import { promisify } from "node:util"
import { atMost, type Claim, none, type Parts } from "./Proof.ts"
import { type Boxes, fx, fxHttp, httpServer, leftovers, newMark, orchestrate } from "./servers.ts"

/** What each open descriptor is, as far as the system says. */
export const descriptors = async (): Promise<ReadonlyArray<string>> =>
  Promise.all(
    (await readdir("/dev/fd")).map(async (name) => `${name} ${await readlink(`/dev/fd/${name}`).catch(() => "closed")}`)
  )

/** A socket with its line in the tables of the kernel: which kind it is, and whom it belongs to. */
const explained = async (descriptor: string): Promise<string> => {
  const inode = /socket:\[(\d+)\]/.exec(descriptor)?.[1]
  if (inode === undefined) return descriptor
  const tables = ["tcp", "tcp6", "unix"]
  const texts = await Promise.all(tables.map((table) => readFile(`/proc/self/net/${table}`, "utf8").catch(() => "")))
  const lines = texts.flatMap((text, index) =>
    text
      .split("\n")
      .filter((line) => line.split(/\s+/).includes(inode))
      .map((line) => `${tables[index]} ${line.trim()}`)
  )
  return [descriptor, ...lines].join(": ")
}

/** The first connection of each kind opens what stays open for the life of a process; it is no leak. */
export const warmUp = (parts: Parts) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { url } = yield* fxHttp({ tools: ["echo"] }, newMark())
      const boxes: Boxes = yield* orchestrate(parts, [
        fx("stdio", { tools: ["echo"] }, newMark()),
        httpServer("http", url)
      ])
      yield* boxes.settled
    })
  )

/** How long what is closing may take to be closed. */
const closingMillis = 8000

/** That, after a while, no more descriptors are open than before, or not many more. */
export const descriptorsClosed = (before: ReadonlyArray<string>, allowed: number): Effect.Effect<Claim> =>
  Effect.promise(async () => {
    const look = async () => (await descriptors()).length <= before.length + allowed
    await waitFor(look, { description: "descriptors to close", limitMs: closingMillis, everyMs: 50 }).catch(() => false)
    const after = await descriptors()
    const fresh = await Promise.all(after.filter((descriptor) => !before.includes(descriptor)).map(explained))
    const more = after.length - before.length
    return { ...atMost("descriptors more than before", more, allowed, "", ""), look: fresh }
  })

/** That no process of a run is left. */
export const noProcessLeft = (mark: string): Effect.Effect<Claim> =>
  Effect.map(
    Effect.promise(() => leftovers(mark)),
    (pids) =>
      none(
        "no process is left",
        pids.map((pid) => `process ${pid}: ps -o pid,ppid,stat,args -p ${pid}`)
      )
  )

const reapsOrphan = async (): Promise<boolean> => {
  const { stdout } = await promisify(execFile)("sh", ["-c", "sleep 0.1 >/dev/null & echo $!"])
  const isGone = () =>
    readFile(`/proc/${stdout.trim()}/stat`, "utf8").then(
      () => false,
      () => true
    )
  return await waitFor(isGone, { description: "an orphan to be reaped", limitMs: 600 }).catch(() => false)
}

/**
 * Whether somebody reaps at once processes whose parent has died. A program that is process 1 of a container, without
 * an init, never does, and some do it every other second: what is killed stays as a zombie, and is waited for a second
 * in vain. Two in a row, for one alone may die just before its turn.
 */
export const reapsOrphans: Effect.Effect<boolean> = Effect.promise(
  async () => (await reapsOrphan()) && (await reapsOrphan())
)
