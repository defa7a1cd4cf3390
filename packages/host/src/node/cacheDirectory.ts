/**
 * Where this system keeps what can be made again. A relative path in a variable counts as unset, as the XDG Base
 * Directory Specification wants it.
 */
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

const usual = (home: string): string => {
  if (process.platform === "darwin") return join(home, "Library", "Caches")
  return process.platform === "win32" ? join(home, "AppData", "Local") : join(home, ".cache")
}

/** The folder of Signalbox there; it may not exist yet. */
export const cacheDirectory = (): string => {
  const named = process.platform === "win32" ? process.env["LOCALAPPDATA"] : process.env["XDG_CACHE_HOME"]
  return join(named !== undefined && isAbsolute(named) ? named : usual(homedir()), "signalbox")
}
