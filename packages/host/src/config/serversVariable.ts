/**
 * The servers of `SIGNALBOX_SERVERS`, or of the file that `SIGNALBOX_SERVERS_CONFIG` names: entries as under `servers`
 * of the configuration, or what a file holds that `config import` reads. Nothing is left out: an entry that cannot be used is a problem.
 */
import { readDocument } from "./document.ts"
import { convertServers } from "./import/convertServers.ts"
import type { FoundProblem } from "./layers.ts"
import { isTree, type Tree } from "./tree.ts"

interface ReadServers {
  readonly servers: Tree
  readonly problems: ReadonlyArray<FoundProblem>
  readonly notes: ReadonlyArray<string>
}

/** Reads JSON, or YAML. Never throws: what is wrong is told in `problems`. */
export const readServers = (text: string): ReadServers => {
  const { value } = readDocument(text)
  if (!isTree(value)) return { servers: {}, problems: [{ path: ["servers"], message: "not a JSON object" }], notes: [] }
  const converted = convertServers(value)
  if (converted === undefined) return { servers: value, problems: [], notes: [] }
  return {
    servers: converted.servers,
    notes: converted.notes,
    problems: converted.faults.map(({ code, name, reason }) => ({
      path: ["servers", name],
      message: `cannot be used: ${reason}`,
      ...(code === undefined ? {} : { code })
    }))
  }
}
