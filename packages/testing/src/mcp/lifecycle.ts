/**
 * The process around the server: start faults, signals, the grandchild, noise on stderr, and dying in ways that the log
 * still records. A process that ignores end of input or signals ends by itself after `--max-life`, so no test leaves it behind.
 */
import { spawn } from "node:child_process"
import { appendFileSync, statSync, writeSync } from "node:fs"
import type { ParsedFlags } from "./flags.ts"
import { type AppendEvent, openLog } from "./log.ts"
import type { Surroundings } from "./McpServer.ts"

/** Logs the start, installs signal handling, and does what the flags want to happen before the first message. */
export const beginLife = (flags: ParsedFlags): Surroundings => {
  const log = openLog(flags.log)
  log("start", flags.name === undefined ? {} : { method: flags.name })
  process.on("exit", (code) => log("exit", { code }))
  handleSignals(flags, log)
  const maxLife = flags.maxLife ?? 600_000
  setTimeout(() => process.exit(0), maxLife).unref()
  if (flags.grandchild) startGrandchild(maxLife, log)
  if (flags.stderrText !== undefined) writeSync(2, `${flags.stderrText}\n`)
  if (flags.stderrBytes !== undefined) writeStderr(flags.stderrBytes)
  if (flags.exitAtStart !== undefined) process.exit(flags.exitAtStart)
  return { flags, log, startNumber: countStart(flags), exit: (code) => process.exit(code), die: die(log) }
}

/** Writes so many bytes to stderr in lines of 100 bytes, waiting for the reader as a chatty program would. */
export const writeStderr = (bytes: number): void => {
  const line = `${"e".repeat(99)}\n`
  process.stderr.write(line.repeat(Math.floor(bytes / 100)) + line.slice(100 - (bytes % 100)))
}

const handleSignals = (flags: ParsedFlags, log: AppendEvent): void => {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      log("signal", { signal })
      if (!flags.ignoreTerm) process.exit(128 + numbers[signal])
    })
  }
}

/** No handler runs on SIGKILL, so the end is logged before. */
const die =
  (log: AppendEvent) =>
  (signal: NodeJS.Signals): void => {
    log("exit", { signal })
    process.removeAllListeners(signal)
    process.removeAllListeners("exit")
    process.kill(process.pid, signal)
  }

const startGrandchild = (maxLife: number, log: AppendEvent): void => {
  const program = `for (const s of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(s, () => {}); setTimeout(() => {}, ${maxLife})`
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "inherit", "inherit"] })
  child.unref()
  if (child.pid !== undefined) log("grandchild", { child: child.pid })
}

/** One byte per start: appending is atomic, so processes that start together are counted right. */
const countStart = (flags: ParsedFlags): number | undefined => {
  if (flags.failInit === undefined) return undefined
  const file = flags.state ?? (flags.log === undefined ? undefined : `${flags.log}.state`)
  if (file === undefined) return undefined
  appendFileSync(file, ".")
  return statSync(file).size
}
