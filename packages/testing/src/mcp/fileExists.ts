/** Waits for a file that somebody else makes: the word to go on, from whatever process. */
import { existsSync, watch } from "node:fs"
import { dirname } from "node:path"

/** Resolves once the file exists, rejects when the signal is aborted. Its folder must exist. */
export const fileExists = (file: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      watcher.close()
      signal.removeEventListener("abort", stop)
      settle()
    }
    const stop = () => finish(() => reject(new Error(`${file} was not waited for any longer.`)))
    const look = () => {
      if (existsSync(file)) finish(resolve)
    }
    const watcher = watch(dirname(file), look).on("error", (error) => finish(() => reject(error)))
    signal.addEventListener("abort", stop)
    if (signal.aborted) stop()
    // It may have been there before anybody watched.
    else look()
  })
