/**
 * The environments of all processes as `/proc` has them (`proc_pid_environ(5)`), read at once: what is in memory keeps nobody
 * waiting.
 */
import { readdirSync, readFileSync } from "node:fs"

/** By process id. Processes of other users are left out; where there is no `/proc` it throws. */
export const environmentsFromProc = (): ReadonlyArray<readonly [pid: number, environment: string]> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [[Number(name), readFileSync(`/proc/${name}/environ`, "latin1")] as const]
      } catch {
        // Another user's process, or one that has just ended.
        return []
      }
    })
