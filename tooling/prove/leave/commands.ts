/**
 * Commands that Bash runs, seen from outside: what the system says of their processes. Each is a `sleep` with a number of its
 * own.
 */
import { readdirSync, readFileSync } from "node:fs"
import { epochMillis } from "../measure.ts"

interface Watched {
  readonly pid: string
  /** In milliseconds since 1970; absent while it runs. */
  endedAt?: number
}

/** Watches `sleep` commands by their numbers. */
export interface Commands extends Disposable {
  /** Whether it was seen to run. From then on it is looked every few milliseconds whether it still does. */
  readonly hasBegun: (number: string) => boolean
  readonly endedAt: (number: string) => number | undefined
}

const everyMs = 10

/** Nothing for a process that is gone, or waits only to be buried. */
const wordsOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
  } catch {
    return ""
  }
}

const find = (number: string): string | undefined =>
  readdirSync("/proc").find((name) => /^\d+$/.test(name) && wordsOf(name) === `sleep\0${number}\0`)

/** Starts to watch. */
export const watchCommands = (): Commands => {
  const known = new Map<string, Watched>()
  const look = () => {
    for (const [number, watched] of known) {
      if (watched.endedAt === undefined && !wordsOf(watched.pid).includes(number)) watched.endedAt = epochMillis()
    }
  }
  const timer = setInterval(look, everyMs)
  return {
    hasBegun: (number) => {
      const pid = known.get(number)?.pid ?? find(number)
      if (pid !== undefined && !known.has(number)) known.set(number, { pid })
      return pid !== undefined
    },
    endedAt: (number) => known.get(number)?.endedAt,
    [Symbol.dispose]: () => clearInterval(timer)
  }
}
