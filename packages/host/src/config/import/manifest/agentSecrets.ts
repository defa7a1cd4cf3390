/**
 * The secrets of an agent in a manifest: those under `common`, and for each module those of the first entry that has its
 * path or its file name.
 */
import { isTree, type Tree } from "../../tree.ts"
import { stemOf } from "./agentCommands.ts"

type Values = Readonly<Record<string, string>>

/** What a server is given; everything arrives as text. */
const valuesOf = (entry: unknown): Values => {
  if (!isTree(entry)) return {}
  const params = isTree(entry["internal_params"]) ? entry["internal_params"] : entry
  return Object.fromEntries(
    Object.entries(params)
      .filter(([key]) => !moduleKeys.includes(key))
      .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])
  )
}

const moduleKeys = ["python_code_module", "node_code_module", "module"]

/** Every entry with the module that it is for: a map by module, or lists of entries that name theirs. */
const entriesOf = (secrets: Tree): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(secrets).flatMap(([key, value]) => {
    if (!Array.isArray(value)) return [[key, value] as const]
    return value.filter(isTree).flatMap((entry) => {
      const named = moduleKeys.map((name) => entry[name]).find((name) => typeof name === "string")
      return typeof named === "string" ? [[named, entry] as const] : []
    })
  })

const fileOf = (module: string): string => module.split(/[\\/]/).at(-1) ?? module

/** The secrets for all servers, and for one of a module. */
export const agentSecrets = (value: unknown) => {
  const secrets: Tree = isTree(value) ? value : {}
  const { common, ...others } = secrets
  return {
    common: valuesOf(common),
    of: (module: string): Values => {
      const names = new Set([module, fileOf(module), stemOf(module)])
      return valuesOf(entriesOf(others).find(([name]) => names.has(name))?.[1])
    }
  }
}
