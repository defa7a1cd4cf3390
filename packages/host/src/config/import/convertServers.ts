/**
 * Servers in the spellings of other programs, as entries of our own configuration. What an entry says that has no
 * counterpart is told; an entry that cannot be used is a fault with its place, and none is left out in silence.
 */
import { Result } from "effect"
import { UntrustedServerType } from "../../errors.ts"
import type { ConfigPath } from "../document.ts"
import { isTree, type Tree } from "../tree.ts"
import type { Dialect, ForeignEntry, ForeignFormat, Remarks, Transport } from "./ForeignFormat.ts"
import { formatOf } from "./formats.ts"
import type { ImportedServer } from "./ImportedServer.ts"
import { type ForeignReferences, makeForeignReferences, type Rewrite } from "./references.ts"
import { given, tableOf, textOf, textsOf } from "./values.ts"

/** Why an entry cannot be used, and where that stands. */
export interface ImportFault {
  readonly name: string
  readonly path: ConfigPath
  readonly reason: string
  /** That of its error class, where it has one of its own. */
  readonly code?: string
}

export interface ConvertedServers {
  readonly format: ForeignFormat
  readonly servers: Readonly<Record<string, ImportedServer>>
  /** What was changed or has no counterpart, one sentence each. */
  readonly notes: ReadonlyArray<string>
  readonly faults: ReadonlyArray<ImportFault>
}

type Fault = Omit<ImportFault, "name">

const rewritten = (values: Readonly<Record<string, string>>, rewrite: Rewrite): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, rewrite(value)]))

/** Splits a command line as a shell does for plain words and quotes. */
const splitCommand = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"']+)+/g), ([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? "")
  )

const fitServerName = (name: string): string => {
  const cleaned = name.replace(/[^A-Za-z0-9_-]/g, "-").replace(/^[-_]+/, "")
  return cleaned.slice(0, 32) || "server"
}

const untrusted = UntrustedServerType.definition.code

/** Where a server is reached, by its type, else by what it has. */
const transportOf = (
  raw: Tree,
  { typeKey, types, urls }: Dialect
): Result.Result<Transport, Parameters<Remarks["fault"]>> => {
  const type = typeKey === undefined ? undefined : raw[typeKey]
  if (typeKey !== undefined && type !== undefined) {
    const known = typeof type === "string" ? types[type] : undefined
    const expected = Object.keys(types).join(", ")
    return known === undefined
      ? Result.fail([typeKey, `unknown ${typeKey} ${JSON.stringify(type)}; expected one of ${expected}`, untrusted])
      : Result.succeed(known)
  }
  if (textOf(raw["command"]) !== undefined) return Result.succeed("stdio")
  const found = Object.entries(urls).find(([key]) => textOf(raw[key]) !== undefined)
  return found === undefined ? Result.fail([undefined, "it has neither a command nor a url"]) : Result.succeed(found[1])
}

const stdioOf = (raw: Tree, directory: string | undefined, references: ForeignReferences) => {
  // A command with a list of arguments is a path, blanks and all; without one it is a line.
  const line = textOf(raw["command"]) ?? ""
  const [command = "", ...words] = Array.isArray(raw["args"]) ? [line, ...textsOf(raw["args"])] : splitCommand(line)
  const env = tableOf(raw["env"] ?? raw["environment"])
  // What stands in its environment the server fills in itself.
  const rewrite = references.except(Object.keys(env))
  const cwd = textOf(raw["cwd"]) ?? directory
  return {
    transport: "stdio" as const,
    command: rewrite(command),
    args: words.map(rewrite),
    env: rewritten(env, references.rewrite),
    ...given("cwd", cwd === undefined ? undefined : rewrite(cwd))
  }
}

const remoteOf = (raw: Tree, transport: "http" | "sse", { urls }: Dialect, rewrite: Rewrite) => {
  const url = Object.keys(urls).flatMap((key) => textOf(raw[key]) ?? [])[0] ?? ""
  return { transport, url: rewrite(url), headers: rewritten(tableOf(raw["headers"]), rewrite) }
}

/** What an entry may say that is understood in every format, or of no consequence here. */
const understood = new Set(
  "command args env environment cwd headers name version enabled disabled description".split(" ")
)

const isEnabled = (raw: Tree, entry: ForeignEntry): boolean =>
  entry.isDisabled !== true && raw["disabled"] !== true && raw["enabled"] !== false

const lostKeys = (raw: Tree, dialect: Dialect): ReadonlyArray<string> => {
  const known = new Set([...understood, ...dialect.keys, ...Object.keys(dialect.urls), dialect.typeKey])
  return Object.keys(raw).filter((key) => !known.has(key) && !key.startsWith("_comment"))
}

interface Converted {
  readonly server: ImportedServer | undefined
  readonly notes: ReadonlyArray<string>
  readonly skipped: string | undefined
  readonly faults: ReadonlyArray<Fault>
}

/** Collects what the parts of a format have to say of one entry. */
const listen = (entry: ForeignEntry) => {
  const notes: Array<string> = []
  const faults: Array<Fault> = []
  let skipped: string | undefined
  const remarks: Remarks = {
    note: (sentence) => void notes.push(sentence),
    skip: (reason) => {
      skipped = reason
    },
    fault: (key, reason, code) =>
      void faults.push({
        path: key === undefined ? entry.path : [...entry.path, ...key.split(".")],
        reason,
        ...given("code", code)
      })
  }
  return { remarks, notes, faults, skipped: () => skipped }
}

const reach = (raw: Tree, transport: Transport, entry: ForeignEntry, dialect: Dialect, references: ForeignReferences) =>
  transport === "stdio"
    ? stdioOf(raw, entry.directory, references)
    : remoteOf(raw, transport, dialect, references.rewrite)

const convert = (entry: ForeignEntry, said: Tree, dialect: Dialect): Converted => {
  const { faults, notes, remarks, skipped } = listen(entry)
  const raw = dialect.normalize?.(said, remarks) ?? said
  const nothing = { server: undefined, notes: [], skipped: skipped() }
  if (skipped() !== undefined) return { ...nothing, faults: [] }
  const references = makeForeignReferences(dialect.references)
  const transport = transportOf(raw, dialect)
  if (Result.isFailure(transport)) {
    remarks.fault(...transport.failure)
    return { ...nothing, faults }
  }
  const reached = reach(raw, transport.success, entry, dialect, references)
  if ((reached.transport === "stdio" ? reached.command : reached.url) === "")
    remarks.fault(undefined, reached.transport === "stdio" ? "it has no command" : "it has no url")
  const overrides = dialect.overrides?.(raw, remarks)
  const lost = lostKeys(said, dialect)
  if (lost.length > 0) notes.unshift(`what it says of ${lost.join(", ")} has no counterpart here.`)
  const description = given("description", textOf(raw["description"]))
  return {
    server: { enabled: isEnabled(raw, entry), ...description, ...reached, ...overrides },
    notes: [...notes, ...references.notes],
    skipped: undefined,
    faults
  }
}

/** A name that is free, unless the same server has it already. */
const nameFor = (
  wanted: string,
  server: ImportedServer,
  taken: Readonly<Record<string, ImportedServer>>
): { readonly name: string; readonly isThere: boolean } => {
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? "" : `-${count}`
    const name = `${wanted.slice(0, 32 - suffix.length)}${suffix}`
    const holder = Object.hasOwn(taken, name) ? taken[name] : undefined
    if (holder === undefined) return { name, isThere: false }
    if (JSON.stringify(holder) === JSON.stringify(server)) return { name, isThere: true }
  }
}

const failed = (reason: string, entry: ForeignEntry): Converted => ({
  server: undefined,
  notes: [],
  skipped: undefined,
  faults: [{ path: entry.path, reason }]
})

const convertEntry = (entry: ForeignEntry, dialect: Dialect): Converted => {
  if (entry.name === "") return failed("it has no name", entry)
  return isTree(entry.raw) ? convert(entry, entry.raw, dialect) : failed("it is not an object", entry)
}

/** The servers of a file in a known format; `undefined` when it has none. `file` is only looked at, never read. */
export const convertServers = (value: Tree, file = ""): ConvertedServers | undefined => {
  const format = formatOf(file, value)
  if (format === undefined) return undefined
  const dialect = format.dialect(value)
  const servers: Record<string, ImportedServer> = {}
  const notes: Array<string> = []
  const faults: Array<ImportFault> = []
  format.remark?.(value, {
    note: (sentence) => void notes.push(sentence),
    fault: (key = "", reason) => void faults.push({ name: key, path: key.split("."), reason })
  })
  for (const entry of format.entries(value)) {
    const converted = convertEntry(entry, dialect)
    faults.push(...converted.faults.map((fault) => ({ name: entry.name, ...fault })))
    if (converted.skipped !== undefined) notes.push(`"${entry.name}" was left out: ${converted.skipped}.`)
    if (converted.server === undefined || converted.faults.length > 0) continue
    const { isThere, name } = nameFor(fitServerName(entry.name), converted.server, servers)
    if (isThere) continue
    if (name !== entry.name) notes.push(`"${entry.name}" is now called "${name}".`)
    notes.push(...converted.notes.map((note) => `"${name}": ${note}`))
    servers[name] = converted.server
  }
  return { format, servers, notes, faults }
}
