/**
 * What is wrong between entries: two that start the same server, two that look at the same page for their health.
 */
import type { ServerEntry } from "../config/HostOptions.ts"
import { shownTarget } from "../config/ServerProgram.ts"
import { type Finding, finding } from "./Finding.ts"

type Entries = ReadonlyArray<readonly [name: string, entry: ServerEntry]>

/** Later entries with the first one that has the same key; entries without a key have none. */
const repeated = (entries: Entries, keyOf: (entry: ServerEntry) => string | undefined) => {
  const first = new Map<string, string>()
  return entries.flatMap(([name, entry]) => {
    const key = keyOf(entry)
    const holder = key === undefined ? undefined : first.get(key)
    if (key !== undefined && holder === undefined) first.set(key, name)
    return holder === undefined || key === undefined ? [] : [{ name, holder, key, entry }]
  })
}

const startOf = (entry: ServerEntry): string =>
  JSON.stringify(
    entry.transport === "stdio"
      ? [shownTarget(entry), entry.args, entry.cwd ?? ".", entry.env]
      : [entry.url, entry.headers]
  )

/** The findings on enabled entries, in the order of the file. */
export const crossChecks = (entries: Entries): ReadonlyArray<Finding> => {
  const enabled = entries.filter(([, entry]) => entry.enabled)
  const servers = repeated(enabled, startOf).map(({ entry, holder, name }) =>
    finding({
      code: "DUPLICATE_SERVER",
      severity: "warning",
      serverName: name,
      path: ["servers", name, "url" in entry ? "url" : entry.file === undefined ? "command" : "file"],
      message: `"${name}" is the same server as "${holder}": it runs twice, and each of its tools clashes with itself.`,
      fix: `Remove one of the two, or set "enabled: false".`,
      repair: { _tag: "DisableServer", serverName: name }
    })
  )
  const pages = repeated(enabled, ({ health }) => health?.url).map(({ holder, key, name }) =>
    finding({
      code: "DUPLICATE_HEALTH_URL",
      severity: "warning",
      serverName: name,
      path: ["servers", name, "health", "url"],
      message: `"${name}" and "${holder}" ask the same page for their health, ${key}: it can tell of one of them at most.`,
      fix: `Give "${name}" the page of its own server, or another check.`
    })
  )
  return [...servers, ...pages]
}
