/**
 * What a server process gets to see of our environment: a small allow-list and what is declared for it.
 * Everything else stays here, because our environment holds the API keys of every vendor.
 */
import { Context, Redacted } from "effect"
import type { MaybeSecret } from "../ServerOptions.ts"

/**
 * The environment of this process. The application provides it (`process.env` on Node); the default is
 * empty, so that nothing leaks from a program that has not thought about it. Without a `PATH` in it,
 * commands must be given as paths.
 */
export const ParentEnvironment = Context.Reference<Readonly<Record<string, string | undefined>>>(
  "@signalbox/mcp/ParentEnvironment",
  { defaultValue: () => ({}) }
)

const allowed = new Set([
  // POSIX: finding programs, files and the user.
  "HOME",
  "LANG",
  "LANGUAGE",
  "LOGNAME",
  "PATH",
  "SHELL",
  "TEMP",
  "TERM",
  "TMP",
  "TMPDIR",
  "TZ",
  "USER",
  // Networks that are reached through a proxy.
  "ALL_PROXY",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  // Windows: without these neither `node` nor `npx.cmd` starts.
  "APPDATA",
  "COMSPEC",
  "HOMEDRIVE",
  "HOMEPATH",
  "LOCALAPPDATA",
  "NUMBER_OF_PROCESSORS",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "PROGRAMFILES(X86)",
  "SYSTEMDRIVE",
  "SYSTEMROOT",
  "USERNAME",
  "USERPROFILE",
  "WINDIR"
])

/** Whether a variable of this name is handed on by default. Names count without regard to case, as on Windows. */
const isInherited = (name: string): boolean => {
  const upper = name.toUpperCase()
  return allowed.has(upper) || upper.startsWith("LC_")
}

/** A shell function exported through the environment (CVE-2014-6271) is code, not a setting. */
const isShellFunction = (value: string): boolean => value.startsWith("()")

/** The complete environment of a child process. Declared variables win. */
export const childEnvironment = (
  parent: Readonly<Record<string, string | undefined>>,
  declared: Readonly<Record<string, MaybeSecret>>,
  inheritsAll: boolean
): Record<string, MaybeSecret> => {
  const result: Record<string, MaybeSecret> = {}
  for (const [name, value] of Object.entries(parent)) {
    if (value === undefined || isShellFunction(value)) continue
    if (inheritsAll || isInherited(name)) result[name] = value
  }
  return { ...result, ...declared }
}

/** The value of a variable, found without regard to case (`Path` on Windows). */
export const lookupVariable = (env: Readonly<Record<string, MaybeSecret>>, name: string): string | undefined => {
  const key = name in env ? name : Object.keys(env).find((candidate) => candidate.toUpperCase() === name)
  const value = key === undefined ? undefined : env[key]
  return value === undefined || typeof value === "string" ? value : Redacted.value(value)
}
