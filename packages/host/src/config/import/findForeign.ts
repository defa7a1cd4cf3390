/**
 * The servers that other programs on this computer have, gathered: the same server of several programs is one, and
 * different ones of one name get names of their own. Nothing is written, and a file that cannot be used costs only itself.
 */
import { fileTrouble } from "@signalbox/errors"
import { Effect, FileSystem, Result } from "effect"
import type { ConfigProblem } from "../../errors.ts"
import { isTree, type Tree } from "../tree.ts"
import { type ForeignFile, foreignFiles, type ForeignPlaces } from "./foreignFiles.ts"
import type { ImportedServer } from "./ImportedServer.ts"
import { importServers } from "./importServers.ts"
import { type SecretVariable, withoutSecrets } from "./secretReferences.ts"

/** A file of another program that is there. */
export interface ForeignSource {
  readonly app: string
  readonly file: string
  readonly scope: ForeignFile["scope"]
  /** How many servers it has. */
  readonly count: number
  readonly notes: ReadonlyArray<string>
  readonly problems: ReadonlyArray<ConfigProblem>
  /** Why it cannot be read at all. */
  readonly failure: string | undefined
}

/** A server that could be taken over. */
export interface ForeignCandidate {
  /** The name that it would have here. */
  readonly name: string
  readonly app: string
  /** Every file that has it. */
  readonly files: ReadonlyArray<string>
  /** As it would be written: without secrets. */
  readonly entry: ImportedServer
  /** As it stands there, to be started with. */
  readonly original: ImportedServer
  readonly variables: ReadonlyArray<SecretVariable>
  /** The name of the same server, or of another one of this name, in the configuration. */
  readonly known: string | undefined
}

interface Found {
  readonly source: ForeignSource
  readonly servers: Readonly<Record<string, ImportedServer>>
}

const readSource = Effect.fnUntraced(function* ({ file, format, scope }: ForeignFile) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.result(fs.readFileString(file))
  // Most of them are not there.
  if (Result.isFailure(text) && text.failure.reason._tag === "NotFound") return []
  const base = { app: format.name, file, scope }
  const nothing = { count: 0, notes: [], problems: [] }
  if (Result.isFailure(text)) {
    return [{ source: { ...base, ...nothing, failure: fileTrouble(text.failure) }, servers: {} } satisfies Found]
  }
  const imported = importServers(file, text.success, { keepSecrets: true })
  if (Result.isFailure(imported)) {
    // Settings without servers are no news.
    const { isBroken, reason } = imported.failure
    return isBroken ? [{ source: { ...base, ...nothing, failure: reason }, servers: {} } satisfies Found] : []
  }
  const { notes, problems, servers } = imported.success
  const source = { ...base, count: Object.keys(servers).length, notes, problems, failure: undefined }
  return [{ source, servers } satisfies Found]
})

/** Two entries of which this is equal are the same server. */
const identityOf = (entry: ImportedServer): string =>
  JSON.stringify(
    entry.transport === "stdio"
      ? [entry.command ?? [entry.runtime, entry.file], entry.args, entry.env, entry.cwd ?? null]
      : [entry.url, entry.headers]
  )

/** How a server is reached, apart from what is read from variables: so that it is known again after an import. */
const targetOf = ({ args, command, env, url }: Tree): string =>
  JSON.stringify(command === undefined ? [url] : [command, args ?? [], Object.keys(isTree(env) ? env : {})])

type Gathered = Pick<ForeignCandidate, "name" | "app" | "original"> & { readonly files: Array<string> }

/** The name itself, with the program where it is taken, or with a number. */
const freeName = (name: string, app: string, taken: ReadonlyMap<string, unknown>): string => {
  const fit = (suffix: string) => `${name.slice(0, 32 - suffix.length)}${suffix}`
  const wanted = [name, fit(`-${app}`)]
  for (let count = 2; ; count += 1) {
    const free = wanted.find((candidate) => !taken.has(candidate))
    if (free !== undefined) return free
    wanted.push(fit(`-${app}-${count}`))
  }
}

const gather = (found: ReadonlyArray<Found>): ReadonlyArray<Gathered> => {
  const byIdentity = new Map<string, Gathered>()
  const byName = new Map<string, Gathered>()
  for (const { servers, source } of found) {
    for (const [name, original] of Object.entries(servers)) {
      const identity = identityOf(original)
      const same = byIdentity.get(identity)
      if (same !== undefined) {
        if (!same.files.includes(source.file)) same.files.push(source.file)
        continue
      }
      const gathered = { name: freeName(name, source.app, byName), app: source.app, original, files: [source.file] }
      byIdentity.set(identity, gathered)
      byName.set(gathered.name, gathered)
    }
  }
  return [...byName.values()]
}

/** What was found on this computer. */
export interface ForeignServers {
  readonly sources: ReadonlyArray<ForeignSource>
  readonly candidates: ReadonlyArray<ForeignCandidate>
}

/**
 * Looks into the files of all programs of the table, or of those that `only` names. `known` are the servers of the
 * configuration, as they are written in it.
 */
export const findForeignServers = Effect.fn("findForeignServers")(function* (
  around: ForeignPlaces,
  known: Tree,
  only?: ReadonlyArray<string>
) {
  const found = (yield* Effect.forEach(foreignFiles(around, only), readSource, { concurrency: 8 })).flat()
  const gathered = gather(found)
  const { servers, variables } = withoutSecrets(
    Object.fromEntries(gathered.map(({ name, original }) => [name, original]))
  )
  const knownTargets = new Map(
    Object.entries(known).map(([name, entry]) => [targetOf(isTree(entry) ? entry : {}), name])
  )
  const candidates = gathered.map(({ app, files, name, original }): ForeignCandidate => {
    const entry = servers[name] ?? original
    return {
      name,
      app,
      files,
      entry,
      original,
      variables: variables.filter(({ server }) => server === name),
      known: knownTargets.get(targetOf({ ...entry })) ?? (Object.hasOwn(known, name) ? name : undefined)
    }
  })
  return { sources: found.map(({ source }) => source), candidates } satisfies ForeignServers
})
