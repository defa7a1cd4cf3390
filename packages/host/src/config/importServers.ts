/**
 * Servers from the files that people already have, as entries of our own configuration.
 * Three forms are read: the `mcpServers` map (`.mcp.json`, Claude, Cursor), a `servers` list with names,
 * and a `servers` map with commands. What an entry does not say is said in the result, so it can be seen.
 */
import { Predicate, Result } from "effect"
import { ImportFailed } from "../errors.ts"
import { readDocument } from "./document.ts"
import { isTree } from "./layers.ts"

/** One imported entry, in the spelling of `signalbox.yaml`. */
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

/** What was found in the file of another program, in the words of this one. */
export interface ImportedServers {
  readonly servers: Readonly<Record<string, ImportedServer>>
  /** What was changed or left out, one sentence each. */
  readonly notes: ReadonlyArray<string>
}

type Raw = { readonly [key: string]: unknown }

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const texts = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

/** `${NAME}` and `${env:NAME}` of other programs become our `env:NAME`. */
const reference = (value: string): string => value.replace(/\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}/g, "env:$1")

const table = (value: unknown): Readonly<Record<string, string>> =>
  isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reference(String(item))])) : {}

/** Splits a command line as a shell does for plain words and quotes. */
const splitCommand = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), (match) => match[1] ?? match[2] ?? match[3] ?? "")

const fitServerName = (name: string): string => {
  const cleaned = name.replace(/[^A-Za-z0-9_-]/g, "-").replace(/^[-_]+/, "")
  return cleaned.slice(0, 32) || "server"
}

const urlOf = (raw: Raw): string | undefined => {
  const given = text(raw["url"]) ?? text(raw["serverUrl"]) ?? text(raw["httpUrl"])
  if (given !== undefined) return given
  const transport = text(raw["transport"])
  if (transport !== "http" && transport !== "streamable-http") return undefined
  const port = typeof raw["port"] === "number" ? raw["port"] : (text(raw["port"]) ?? "8000")
  return `http://${text(raw["host"]) ?? "localhost"}:${port}${text(raw["path"]) ?? "/mcp"}`
}

const stdioServer = (raw: Raw, [command, ...words]: readonly [string, ...ReadonlyArray<string>]) => {
  const cwd = text(raw["cwd"])
  // A command with a list of arguments is a path, blanks and all; without one it is a line.
  const whole = Array.isArray(raw["args"])
    ? { command: String(raw["command"]), args: texts(raw["args"]) }
    : { command, args: words }
  const env = table(raw["env"] ?? raw["environment"])
  return { transport: "stdio" as const, ...whole, env, ...(cwd === undefined ? {} : { cwd }) }
}

const convert = (raw: Raw): Result.Result<ImportedServer, string> => {
  const enabled = raw["disabled"] === true ? false : raw["enabled"] !== false
  const description = text(raw["description"])
  const common = { enabled, ...(description === undefined ? {} : { description }) }
  const [command, ...words] = splitCommand(text(raw["command"]) ?? "")
  if (command !== undefined) return Result.succeed({ ...common, ...stdioServer(raw, [command, ...words]) })
  const url = urlOf(raw)
  if (url === undefined) return Result.fail("it has neither a command nor a url")
  const type = text(raw["type"])
  if (type === "websocket") return Result.fail(`its transport "${type}" is not supported`)
  return Result.succeed({
    ...common,
    transport: type === "sse" ? "sse" : "http",
    url,
    headers: table(raw["headers"])
  })
}

const entriesOf = (value: Raw): ReadonlyArray<readonly [string, unknown]> | undefined => {
  if (isTree(value["mcpServers"])) return Object.entries(value["mcpServers"])
  const servers = value["servers"]
  if (isTree(servers)) return Object.entries(servers)
  if (!Array.isArray(servers)) return undefined
  return servers.map((server, index) => [
    Predicate.hasProperty(server, "name") ? String(server.name) : `server-${index + 1}`,
    server
  ])
}

/** Reads the servers of a file in any of the forms above. Fails when the file is not of one of them. */
export const importServers = (file: string, content: string): Result.Result<ImportedServers, ImportFailed> => {
  const document = readDocument(content)
  const [problem] = document.problems
  if (problem !== undefined)
    return Result.fail(new ImportFailed({ file, reason: `line ${problem.line}: ${problem.message}` }))
  const entries = isTree(document.value) ? entriesOf(document.value) : undefined
  if (entries === undefined) {
    const reason = 'it has no "mcpServers" and no "servers"'
    return Result.fail(
      new ImportFailed({ file, reason, hint: "Give a file such as .mcp.json or claude_desktop_config.json." })
    )
  }
  const servers: Record<string, ImportedServer> = {}
  const notes: Array<string> = []
  for (const [name, raw] of entries) {
    if (name.startsWith("_comment")) continue
    const converted = isTree(raw) ? convert(raw) : Result.fail("it is not an object")
    if (Result.isFailure(converted)) {
      notes.push(`"${name}" was left out: ${converted.failure}.`)
      continue
    }
    const fitted = fitServerName(name)
    if (fitted in servers) {
      notes.push(`"${name}" was left out: the name "${fitted}" is taken.`)
      continue
    }
    if (fitted !== name) notes.push(`"${name}" is now called "${fitted}".`)
    servers[fitted] = converted.success
  }
  return Result.succeed({ servers, notes })
}
