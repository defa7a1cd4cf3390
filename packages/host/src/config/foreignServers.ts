/**
 * Servers in the spellings of other programs, as entries of our own configuration. Three forms are known: the
 * `mcpServers` map (`.mcp.json`, Claude, Cursor), a `servers` list with names, and a `servers` map of commands or URLs.
 */
import { Predicate, Result } from "effect"
import { type ForeignReferences, makeForeignReferences, type Rewrite } from "./foreignReferences.ts"
import { isTree, type Tree } from "./tree.ts"

/** One entry, in the spelling of `signalbox.yaml`. */
export type ImportedServer =
  | {
      readonly enabled: boolean
      readonly transport: "stdio"
      readonly command: string
      readonly args: ReadonlyArray<string>
      readonly env: Readonly<Record<string, string>>
      readonly cwd?: string
      readonly description?: string
    }
  | {
      readonly enabled: boolean
      readonly transport: "http" | "sse"
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly description?: string
    }

/** What became of the entries of another program. */
export interface ConvertedServers {
  readonly servers: Readonly<Record<string, ImportedServer>>
  /** What was changed or has no counterpart, one sentence each. */
  readonly notes: ReadonlyArray<string>
  /** Entries that cannot be used, and why. */
  readonly refused: ReadonlyArray<{ readonly name: string; readonly reason: string }>
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const texts = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

const table = (value: unknown): Readonly<Record<string, string>> =>
  isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)])) : {}

const referenced = (values: Readonly<Record<string, string>>, rewrite: Rewrite): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, rewrite(value)]))

/** Splits a command line as a shell does for plain words and quotes. */
const splitCommand = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), (match) => match[1] ?? match[2] ?? match[3] ?? "")

const fitServerName = (name: string): string => {
  const cleaned = name.replace(/[^A-Za-z0-9_-]/g, "-").replace(/^[-_]+/, "")
  return cleaned.slice(0, 32) || "server"
}

const urlOf = (raw: Tree): string | undefined => {
  const given = text(raw["url"]) ?? text(raw["serverUrl"]) ?? text(raw["httpUrl"])
  if (given !== undefined) return given
  const transport = text(raw["transport"])
  if (transport !== "http" && transport !== "streamable-http") return undefined
  const port = typeof raw["port"] === "number" ? raw["port"] : (text(raw["port"]) ?? "8000")
  return `http://${text(raw["host"]) ?? "localhost"}:${port}${text(raw["path"]) ?? "/mcp"}`
}

const stdioServer = (
  raw: Tree,
  [command, ...words]: readonly [string, ...ReadonlyArray<string>],
  references: ForeignReferences
) => {
  const cwd = text(raw["cwd"])
  // A command with a list of arguments is a path, blanks and all; without one it is a line.
  const whole = Array.isArray(raw["args"])
    ? { command: String(raw["command"]), args: texts(raw["args"]) }
    : { command, args: words }
  const env = table(raw["env"] ?? raw["environment"])
  // What stands in its environment the server fills in itself.
  const rewrite = references.except(Object.keys(env))
  return {
    transport: "stdio" as const,
    command: rewrite(whole.command),
    args: whole.args.map(rewrite),
    env: referenced(env, references.rewrite),
    ...(cwd === undefined ? {} : { cwd: rewrite(cwd) })
  }
}

const convert = (raw: Tree, references: ForeignReferences): Result.Result<ImportedServer, string> => {
  const enabled = raw["disabled"] === true ? false : raw["enabled"] !== false
  const description = text(raw["description"])
  const common = { enabled, ...(description === undefined ? {} : { description }) }
  const [command, ...words] = splitCommand(text(raw["command"]) ?? "")
  if (command !== undefined) return Result.succeed({ ...common, ...stdioServer(raw, [command, ...words], references) })
  const url = urlOf(raw)
  if (url === undefined) return Result.fail("it has neither a command nor a url")
  const type = text(raw["type"])
  if (type === "websocket") return Result.fail(`its transport "${type}" is not supported`)
  return Result.succeed({
    ...common,
    transport: type === "sse" ? "sse" : "http",
    url: references.rewrite(url),
    headers: referenced(table(raw["headers"]), references.rewrite)
  })
}

/** A map in which every entry is one: a server of ours that happens to be called `servers` is none. */
const entriesOf = (value: Tree): ReadonlyArray<readonly [string, unknown]> | undefined => {
  if (isTree(value["mcpServers"])) return Object.entries(value["mcpServers"])
  const servers = value["servers"]
  if (isTree(servers)) return "transport" in servers ? undefined : Object.entries(servers)
  if (!Array.isArray(servers)) return undefined
  return servers.map((server, index) => [
    Predicate.hasProperty(server, "name") ? String(server.name) : `server-${index + 1}`,
    server
  ])
}

/** What an entry may say that is understood, or of no consequence here. */
const understood = new Set(
  "command args env environment cwd url serverUrl httpUrl headers type transport host port path"
    .split(" ")
    .concat("name version enabled disabled description".split(" "))
)

const notesOn = (name: string, to: string, raw: Tree, references: ForeignReferences): ReadonlyArray<string> => {
  const others = Object.keys(raw).filter((key) => !understood.has(key) && !key.startsWith("_comment"))
  return [
    ...(to === name ? [] : [`"${name}" is now called "${to}".`]),
    ...(others.length === 0 ? [] : [`"${name}": what it says of ${others.join(", ")} has no counterpart here.`]),
    ...references.notes.map((note) => `"${name}": ${note}`)
  ]
}

/** The servers of a value in one of the forms above; `undefined` when it has none of them. */
export const convertServers = (value: Tree): ConvertedServers | undefined => {
  const entries = entriesOf(value)
  if (entries === undefined) return undefined
  const servers: Record<string, ImportedServer> = {}
  const notes: Array<string> = []
  const refused: Array<ConvertedServers["refused"][number]> = []
  for (const [name, raw] of entries) {
    if (name.startsWith("_comment")) continue
    const to = fitServerName(name)
    const references = makeForeignReferences()
    const converted = isTree(raw) ? convert(raw, references) : Result.fail("it is not an object")
    if (Result.isFailure(converted)) refused.push({ name, reason: converted.failure })
    else if (Object.hasOwn(servers, to)) refused.push({ name, reason: `the name "${to}" is taken` })
    else {
      if (isTree(raw)) notes.push(...notesOn(name, to, raw, references))
      servers[to] = converted.success
    }
  }
  return { servers, notes, refused }
}
