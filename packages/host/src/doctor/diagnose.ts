/**
 * Finds out what is wrong with the servers of a configuration: what can be seen without starting them, then what each
 * shows of itself when it is started once.
 */
import type { NamingPolicy } from "@signalbox/model"
import { Effect, Result } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { ServerEntry } from "../config/HostOptions.ts"
import type { System } from "../config/import/ForeignFormat.ts"
import type { FoundProblem } from "../config/layers.ts"
import { resolveServers } from "../servers.ts"
import { crossChecks } from "./crossChecks.ts"
import { explainProbe, offeredNames } from "./explainProbe.ts"
import { type Finding, finding } from "./Finding.ts"
import { type Probe, type ProbeOptions, probeServers } from "./probeServers.ts"
import { checkRuntimes } from "./runtimeVersions.ts"

/** What the doctor is told. */
export interface DiagnoseOptions extends ProbeOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly system: System
  /** The servers that are looked at; all that are enabled when it is left out. */
  readonly only?: ReadonlyArray<string>
}

/** What was found. */
export interface Diagnosis {
  /** The servers that were looked at, with how many tools each offers; nothing where it does not work. */
  readonly servers: ReadonlyArray<{ readonly name: string; readonly tools: number | undefined }>
  readonly findings: ReadonlyArray<Finding>
}

const unset = ({ message, path, suggestion }: FoundProblem): Finding =>
  finding({
    code: "VARIABLE_UNSET",
    severity: "error",
    serverName: String(path[1]),
    path,
    message: `"${String(path[1])}" was not started: ${message}.`,
    fix: `Set it in your shell or in a file .env here${suggestion === undefined ? "" : ", or disable the server"}.`
  })

const outcomes: Readonly<Record<NamingPolicy, string>> = {
  prefix: "each is listed as <server>__<tool>",
  first: "only the first server's is listed",
  error: "none is listed"
}

/** Names that several servers use. With prefixes all can be called, so nothing is wrong. */
const clashes = (
  probes: ReadonlyArray<Probe>,
  entries: ReadonlyMap<string, ServerEntry>,
  naming: NamingPolicy
): ReadonlyArray<Finding> => {
  const offered = probes.flatMap((probe) => {
    const entry = entries.get(probe.serverName)
    return entry === undefined ? [] : offeredNames(probe, entry).map((tool) => ({ tool, serverName: probe.serverName }))
  })
  const holders = [...Map.groupBy(offered, ({ tool }) => tool)].filter(([, group]) => group.length > 1)
  // One finding for the same servers, however many names they share.
  const groups = Map.groupBy(holders, ([, group]) => group.map(({ serverName }) => serverName).join('", "'))
  return [...groups].map(([servers, shared]) => {
    const serverName = shared[0]?.[1].at(-1)?.serverName ?? ""
    const tools = shared.map(([tool]) => tool).join(", ")
    return finding({
      code: "TOOL_NAME_CLASH",
      severity: naming === "prefix" ? "note" : "warning",
      serverName,
      path: ["servers", serverName],
      message: `The servers "${servers}" share tool names; ${outcomes[naming]}: ${tools}.`,
      fix: "Leave some out with tools: { deny: […] }, rename some, or call them by <server>__<tool>."
    })
  })
}

/** Looks at the servers of a configuration. Never fails for what is wrong with one; every process has ended afterwards. */
export const diagnose = Effect.fn("diagnose")(function* (config: LoadedConfig, options: DiagnoseOptions) {
  const { environment, only, system } = options
  const isWanted = (name: string) => only?.includes(name) ?? true
  const entries = new Map(Object.entries(config.options.servers))
  const { problems, servers } = yield* resolveServers(config, environment)
  const missing = problems.filter(({ path }) => isWanted(String(path[1]))).map(unset)
  const blocked = new Set(missing.map(({ serverName }) => serverName))
  const wanted = servers.filter(({ server }) => isWanted(server.name))
  const startable = wanted.filter(({ server }) => !blocked.has(server.name))
  const versions = yield* Effect.forEach(startable, (managed) => {
    const entry = entries.get(managed.server.name)
    return entry === undefined ? Effect.succeed([]) : checkRuntimes(managed, entry)
  })
  // A start would refuse them for this; what they do in a version that does not fit says nothing more.
  const unfit = new Set(versions.flat().map(({ serverName }) => serverName))
  const probed = startable.map(({ server }) => server).filter(({ name }) => !unfit.has(name))
  const probes = yield* probeServers(probed, options)
  const shown = probes.flatMap((probe) => {
    const entry = entries.get(probe.serverName)
    return entry === undefined ? [] : explainProbe(probe, entry, system)
  })
  const crossed = crossChecks([...entries]).filter(({ serverName }) => isWanted(serverName))
  const works = new Map(
    probes.flatMap(({ outcome, serverName }) =>
      Result.isSuccess(outcome) ? [[serverName, outcome.success.tools.length]] : []
    )
  )
  const all = [
    ...missing,
    ...versions.flat(),
    ...shown,
    ...crossed,
    ...clashes(probes, entries, config.options.runtime.naming)
  ]
  const order = wanted.map(({ server }) => server.name)
  return {
    servers: order.map((name) => ({ name, tools: works.get(name) })),
    findings: all.toSorted((a, b) => order.indexOf(a.serverName) - order.indexOf(b.serverName))
  } satisfies Diagnosis
})
