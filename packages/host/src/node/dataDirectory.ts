/**
 * Where this system keeps what belongs to its user and cannot be made again, such as logins. A relative path in a variable
 * counts as unset, as the XDG Base Directory Specification wants it.
 */
import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

const usual = (home: string): string => {
  if (process.platform === "darwin") return join(home, "Library", "Application Support")
  return process.platform === "win32" ? join(home, "AppData", "Roaming") : join(home, ".local", "share")
}

/** The folder of Signalbox there; it may not exist yet. */
export const dataDirectory = (): string => {
  const named = process.platform === "win32" ? process.env["APPDATA"] : process.env["XDG_DATA_HOME"]
  return join(named !== undefined && isAbsolute(named) ? named : usual(homedir()), "signalbox")
}
