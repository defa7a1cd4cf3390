/** Programs in process groups of their own, so that Ctrl-C reaches all of one, as at a terminal. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { waitFor } from "@signalbox/testing"

/** A program that has been started. */
export interface Program {
  readonly pid: number
  /** Everything it has written so far, to either stream. */
  readonly text: () => string
  readonly stdout: () => string
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly signal: (name: NodeJS.Signals) => void
  /** The exit code, `null` after a signal. */
  readonly ended: Promise<number | null>
  /** Whether it ends by itself within this time. */
  readonly endsWithin: (milliseconds: number) => Promise<boolean>
}

/** Where a program runs. */
export interface ProgramPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const signalGroup = ({ pid }: ChildProcess, name: NodeJS.Signals) => {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/** Starts it. */
export const startProgram = (words: ReadonlyArray<string>, { cwd, env }: ProgramPlace): Program => {
  const [command = "", ...args] = words
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  let text = ""
  let stdout = ""
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more
    stdout += more
  })
  child.stderr.setEncoding("utf8").on("data", (more: string) => (text += more))
  let isOver = false
  const ended = once(child, "close").then(
    ([code]) => {
      isOver = true
      // The first argument of "close" is the exit code, null after a signal.
      return code as number | null
    },
    () => null
  )
  return {
    // One that could not be started has none, and says nothing either.
    pid: child.pid ?? 0,
    text: () => text,
    stdout: () => stdout,
    says: (pattern) =>
      waitFor(() => pattern.exec(text), {
        description: `${words.join(" ")} to say ${String(pattern)}`,
        limitMs: 60_000,
        everyMs: 20,
        state: () => text.slice(-2000)
      }),
    signal: (name) => signalGroup(child, name),
    ended,
    endsWithin: (limitMs) =>
      waitFor(() => isOver, { description: "its end", limitMs, everyMs: 20 }).then(
        () => true,
        () => false
      )
  }
}
