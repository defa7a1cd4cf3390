/**
 * The servers of `SIGNALBOX_SERVERS`: a JSON object of entries as under `servers` of the file, or the content of a
 * file that `config import` reads. Nothing is left out: an entry that cannot be used is a problem.
 */
import { convertServers } from "./import/convertServers.ts"
import { type FoundProblem } from "./layers.ts"
import { isTree, type Tree } from "./tree.ts"

interface ReadServers {
  readonly servers: Tree
  readonly problems: ReadonlyArray<FoundProblem>
  readonly notes: ReadonlyArray<string>
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Told to the person as a problem of the variable.
    return undefined
  }
}

/** Reads the variable. Never throws: what is wrong is told in `problems`. */
export const readServers = (text: string): ReadServers => {
  const value = parse(text)
  if (!isTree(value)) return { servers: {}, problems: [{ path: ["servers"], message: "not a JSON object" }], notes: [] }
  const converted = convertServers(value)
  if (converted === undefined) return { servers: value, problems: [], notes: [] }
  return {
    servers: converted.servers,
    notes: converted.notes,
    problems: converted.faults.map(({ name, reason }) => ({
      path: ["servers", name],
      message: `cannot be used: ${reason}`
    }))
  }
}
