/**
 * What a server showed of itself when it was started once: junk, tools that cannot be used, schemas that are refused.
 */
import { letsThrough } from "@signalbox/orchestrator"
import { Result } from "effect"
import type { ServerEntry } from "../config/HostOptions.ts"
import { shownName } from "../shownName.ts"
import type { System } from "../config/import/ForeignFormat.ts"
import { explainFailure } from "./explainFailure.ts"
import { type Finding, finding } from "./Finding.ts"
import type { Probe } from "./probeServers.ts"
import { schemaFaults } from "./schemaFaults.ts"

type Tools = Result.Result.Success<Probe["outcome"]>["tools"]

const junkFindings = ({ junk, outcome, serverName }: Probe): ReadonlyArray<Finding> =>
  junk.length === 0
    ? []
    : [
        finding({
          code: "STDOUT_JUNK",
          severity: "warning",
          serverName,
          path: ["servers", serverName],
          message: `"${serverName}" writes to standard output what is no message of the protocol${
            Result.isSuccess(outcome) ? "; it is skipped here, but other programs may break on it" : ""
          }.`,
          fix: "Its log belongs on standard error: look for a quiet or log option, and tell its authors.",
          lines: junk
        })
      ]

const unusable = ({ outcome, serverName }: Probe): ReadonlyArray<Finding> =>
  (Result.isSuccess(outcome) ? outcome.success.problems : []).map(({ reason, tool }) =>
    finding({
      code: "TOOL_UNUSABLE",
      severity: "warning",
      serverName,
      path: ["servers", serverName],
      message: `A tool of "${serverName}"${tool === undefined ? "" : `, "${tool}",`} is left out: ${reason}.`,
      fix: `This is a fault of "${serverName}"; report it to its authors.`
    })
  )

/** The tools that may be called, as its entry allows. */
const offered = (tools: Tools, entry: ServerEntry): Tools =>
  tools.filter(({ name }) => letsThrough(entry.tools ?? {}, name))

const rejected = (serverName: string, tools: Tools): ReadonlyArray<Finding> =>
  tools.flatMap(({ inputSchema, name }) => {
    const faults = schemaFaults(inputSchema)
    if (faults.length === 0) return []
    const [first] = faults.map(({ place, reason }) => (place === "" ? reason : `${place}: ${reason}`))
    const more = faults.length === 1 ? "" : `, and ${faults.length - 1} more`
    return [
      finding({
        code: "SCHEMA_REJECTED",
        severity: "warning",
        serverName,
        path: ["servers", serverName],
        message: `The input of the tool "${name}" of "${serverName}" is described in a way that model providers refuse, and with it the whole request (${first}${more}).`,
        fix: `Leave it out with tools: { deny: [${name}] } until its authors have corrected it.`,
        repair: { _tag: "DenyTool", serverName, tool: name }
      })
    ]
  })

const unknownNames = (serverName: string, tools: Tools, entry: ServerEntry): ReadonlyArray<Finding> =>
  (["allow", "deny"] as const).flatMap((list) =>
    (entry.tools?.[list] ?? [])
      .filter((wanted) => !tools.some(({ name }) => name === wanted))
      .map((wanted) =>
        finding({
          code: "TOOL_UNKNOWN",
          severity: "warning",
          serverName,
          path: ["servers", serverName, "tools", list],
          message: `"${serverName}" has no tool "${wanted}", which tools.${list} names.`,
          fix: `Correct the name; it has: ${tools.map(({ name }) => name).join(", ")}.`
        })
      )
  )

/** The findings on one server that was started. */
export const explainProbe = (probe: Probe, entry: ServerEntry, system: System): ReadonlyArray<Finding> => {
  const { outcome, serverName } = probe
  if (Result.isFailure(outcome)) return [explainFailure(outcome.failure, probe, entry, system), ...junkFindings(probe)]
  const { tools } = outcome.success
  return [
    ...junkFindings(probe),
    ...unusable(probe),
    ...rejected(serverName, offered(tools, entry)),
    ...unknownNames(serverName, tools, entry)
  ]
}

/** The names of the tools that a server offers. */
export const offeredNames = ({ outcome }: Probe, entry: ServerEntry): ReadonlyArray<string> =>
  Result.isSuccess(outcome) ? offered(outcome.success.tools, entry).map(({ name }) => shownName(entry, name)) : []
