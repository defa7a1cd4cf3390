/**
 * `servers import`: finds the servers of other programs on this computer, tries them, lets a person choose, and adds
 * the chosen ones. Loaded when it is needed.
 */
import { editConfig } from "@signalbox/host"
import { probeDefaults, type Probe, probeServers, resolveEntries } from "@signalbox/host/doctor"
import { findForeignServers, type ForeignCandidate, foreignFormats, type System } from "@signalbox/host/import"
import { nodeOwner } from "@signalbox/host/node"
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Effect, Result } from "effect"
import { Prompt } from "effect/cli"
import { homedir } from "node:os"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { counted } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import { configSource } from "../withHost.ts"
import { addServers } from "./addServers.ts"

export interface ImportOptions {
  readonly from: ReadonlyArray<string>
  readonly server: ReadonlyArray<string>
  readonly all: boolean
  readonly dryRun: boolean
  readonly noCheck: boolean
}

/** How a server did when it was tried. */
export interface Health {
  readonly status: "works" | "fails" | "unset" | "disabled" | "unchecked"
  /** In a few words. */
  readonly detail: string
  readonly tools: number | undefined
  readonly errorCode: string | undefined
}

/** More are not tried by themselves: each is a process. */
const mostTried = 32

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox servers import", reason })

const checkApps = Effect.fnUntraced(function* (apps: ReadonlyArray<string>) {
  const names = foreignFormats.map(({ name }) => name)
  for (const app of apps) {
    if (names.includes(app)) continue
    const nearest = nearestName(app, names)
    const advice = nearest === undefined ? `Known: ${names.join(", ")}.` : `Did you mean "${nearest}"?`
    return yield* invalid(`--from ${app}: this program is not known. ${advice}`)
  }
})

const systemOf = (platform: string): System => (platform === "win32" || platform === "darwin" ? platform : "linux")

/** The servers of the file; a dry run can do without one. */
const knownServers = Effect.fnUntraced(function* (isDryRun: boolean) {
  const look = editConfig(yield* configSource(), ({ servers }) => Effect.succeed({ changes: [], value: servers }))
  const servers = Effect.map(look, ({ value }) => value)
  return yield* isDryRun ? Effect.catchTag(servers, "ConfigNotFound", () => Effect.succeed({})) : servers
})

const healthOf = ({ outcome }: Probe): Health =>
  Result.isSuccess(outcome)
    ? {
        status: "works",
        detail: `works, ${counted(outcome.success.tools.length, "tool")}`,
        tools: outcome.success.tools.length,
        errorCode: undefined
      }
    : { status: "fails", detail: outcome.failure.message, tools: undefined, errorCode: outcome.failure.code }

const plain = (status: Health["status"], detail: string): Health => ({
  status,
  detail,
  tools: undefined,
  errorCode: undefined
})

/** Starts the servers once, as they stand in the files of the other programs, secrets and all. */
const tryServers = Effect.fnUntraced(function* (candidates: ReadonlyArray<ForeignCandidate>) {
  const { directory, environment, isTerminal } = yield* Setting
  const { status } = yield* Output
  const tried = candidates.filter(({ original }) => original.enabled).slice(0, mostTried)
  const entries = Object.fromEntries(tried.map(({ name, original }) => [name, original]))
  const { missing, servers } = yield* resolveEntries(entries, { directory, environment })
  if (isTerminal.stderr && servers.length > 0) yield* status(`… trying ${counted(servers.length, "server")}`)
  const probes = yield* probeServers(servers, { ...probeDefaults, owner: yield* nodeOwner })
  return new Map([
    ...[...missing].map(([name, reason]) => [name, plain("unset", reason)] as const),
    ...probes.map((probe) => [probe.serverName, healthOf(probe)] as const)
  ])
})

const unchecked = ({ original }: ForeignCandidate): Health =>
  original.enabled ? plain("unchecked", "not tried") : plain("disabled", "disabled there")

const choose = Effect.fnUntraced(function* (
  candidates: ReadonlyArray<ForeignCandidate>,
  health: ReadonlyMap<string, Health>
) {
  const choices = candidates.map((candidate) => {
    const { detail, status } = health.get(candidate.name) ?? unchecked(candidate)
    return {
      title: `${candidate.name} (${candidate.app}): ${detail.split("\n")[0] ?? ""}`,
      value: candidate.name,
      selected: status === "works"
    }
  })
  return yield* Prompt.run(Prompt.MultiSelect({ message: "Which servers are to be added?", choices })).pipe(
    // Whoever leaves wants none.
    Effect.catchTag("QuitError", () => Effect.succeed<Array<string>>([]))
  )
})

/** The names that the flags choose; nothing where they leave it to a person. */
const chosenByFlags = Effect.fnUntraced(function* (
  options: ImportOptions,
  candidates: ReadonlyArray<ForeignCandidate>
) {
  const available = candidates.map(({ name }) => name)
  for (const name of options.server) {
    if (available.includes(name)) continue
    return yield* new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available })
  }
  if (options.server.length > 0) return options.server
  const fresh = candidates.filter(({ known }) => known === undefined).map(({ name }) => name)
  return options.all || options.dryRun || fresh.length === 0 ? fresh : undefined
})

const find = Effect.fnUntraced(function* (options: ImportOptions) {
  const { directory, environment } = yield* Setting
  const known = yield* knownServers(options.dryRun)
  const around = { system: systemOf(process.platform), home: homedir(), directory, environment }
  return yield* findForeignServers(around, known, options.from.length === 0 ? undefined : options.from)
})

/** Nobody can choose where there is no terminal. */
const checkChoice = Effect.fnUntraced(function* (chosen: ReadonlyArray<string> | undefined) {
  const { isTerminal } = yield* Setting
  const { isJson } = yield* Output
  if (chosen === undefined && (isJson || !isTerminal.stdin || !isTerminal.stdout))
    return yield* invalid("Nothing is selected. Use --server NAME (again for more), --all, or --dry-run to see them.")
})

/** Writes those of the wanted servers that are not there yet. */
const take = Effect.fnUntraced(function* (wanted: ReadonlyArray<ForeignCandidate>, isDryRun: boolean) {
  const fresh = wanted.filter(({ known }) => known === undefined)
  const variables = fresh.flatMap((candidate) => candidate.variables)
  if (isDryRun) return { file: undefined, added: [], taken: [], variables }
  const taken = wanted.filter(({ known }) => known !== undefined).map(({ name }) => name)
  if (fresh.length === 0) return { file: undefined, added: [], taken, variables }
  const written = yield* addServers(Object.fromEntries(fresh.map(({ entry, name }) => [name, entry])))
  return { ...written, taken: [...taken, ...written.taken], variables }
})

export const importForeign = Effect.fnUntraced(function* (options: ImportOptions) {
  yield* checkApps(options.from)
  const { candidates, sources } = yield* find(options)
  const chosen = yield* chosenByFlags(options, candidates)
  yield* checkChoice(chosen)
  const tried = candidates.filter(({ known, name }) => known === undefined && (chosen?.includes(name) ?? true))
  const health = options.noCheck ? new Map<string, Health>() : yield* tryServers(tried)
  const names = chosen ?? (yield* choose(tried, health))
  const wanted = candidates.filter(({ name }) => names.includes(name))
  const servers = candidates.map((candidate) => ({
    ...candidate,
    health: health.get(candidate.name) ?? unchecked(candidate)
  }))
  return { sources, servers, ...(yield* take(wanted, options.dryRun)), isDryRun: options.dryRun }
})

export type Imported = Effect.Success<ReturnType<typeof importForeign>>
