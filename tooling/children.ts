/** Starts the other processes of the tests of stores and locks, and ends them. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** All lines so far. */
  readonly lines: ReadonlyArray<string>
  /** Waits for the line. */
  readonly said: (line: string | RegExp) => Effect.Effect<void>
  readonly ended: Effect.Effect<void>
}

/** Processes that run a file, each with arguments of its own. They are killed with their scope. */
export const childrenOf =
  (file: string) =>
  (...args: ReadonlyArray<string>) =>
    Effect.acquireRelease(
      Effect.sync((): Child => {
        const started = spawn(process.execPath, [file, ...args], {
          stdio: ["pipe", "pipe", "inherit"]
        })
        const lines: Array<string> = []
        const reader = createInterface(started.stdout)
        reader.on("line", (line) => lines.push(line))
        const exit = once(started, "close")
        const has = (wanted: string | RegExp) =>
          lines.some((line) => (typeof wanted === "string" ? line === wanted : wanted.test(line)))
        return {
          process: started,
          pid: started.pid ?? 0,
          lines,
          said: (wanted) =>
            Effect.promise(async () => {
              while (!has(wanted)) await Promise.race([once(reader, "line"), exit])
            }),
          ended: Effect.promise(() => exit)
        }
      }),
      ({ ended, process }) =>
        Effect.andThen(
          Effect.sync(() => process.kill("SIGKILL")),
          ended
        )
    )
