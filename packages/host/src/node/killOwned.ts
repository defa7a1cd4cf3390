/**
 * The last resort, for a second Ctrl-C: kills every process that carries our mark, at once and synchronously.
 * The orderly way is to close the host's scope.
 */
import { execFileSync } from "node:child_process"
import { environmentsFromProc } from "./environmentsFromProc.ts"

const environmentsFromPs = (): ReadonlyArray<readonly [number, string]> =>
  execFileSync("ps", ["-axEww", "-o", "pid=,command="], { encoding: "utf8", timeout: 2000 })
    .split("\n")
    .map((line) => [Number.parseInt(line, 10), line] as const)

/** Kills the marked processes of the owner with this process id. Where they cannot be listed, it does nothing. */
export const killOwned = (ownerPid: number): void => {
  const mark = `SIGNALBOX_OWNER=${ownerPid}-`
  try {
    const environments = process.platform === "linux" ? environmentsFromProc() : environmentsFromPs()
    for (const [pid, environment] of environments) {
      if (pid === process.pid || !environment.includes(mark)) continue
      try {
        process.kill(pid, "SIGKILL")
      } catch {
        // Gone in the meantime.
      }
    }
  } catch {
    // No way to list processes on this system; the next start sweeps.
  }
}
