/**
 * The variables that a configuration may refer to: those of this process, over those of a `.env` file. Servers get
 * none of the file: their own short list of variables comes from the process.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parseEnv } from "node:util"

/** Variables, and which of them the process itself has not set. */
export interface NodeEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The names whose values come from the file. */
  readonly dotEnvNames: ReadonlySet<string>
}

const readDotEnv = (directory: string): Readonly<Record<string, string | undefined>> => {
  try {
    return parseEnv(readFileSync(join(directory, ".env"), "utf8"))
  } catch {
    // Most folders have none, and some have a folder of this name.
    return {}
  }
}

/** Reads the environment of this process and the `.env` file of a folder. What the process has set counts, even if empty. */
export const nodeEnvironment = (directory: string): NodeEnvironment => {
  const fromFile = readDotEnv(directory)
  const dotEnvNames = new Set(Object.keys(fromFile).filter((name) => process.env[name] === undefined))
  return { variables: { ...fromFile, ...process.env }, dotEnvNames }
}
