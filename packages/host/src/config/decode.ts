/**
 * From a raw value to `HostOptions`: every problem at once, each with its path and a suggestion.
 */
import { nearestName } from "@signalbox/model"
import { Result, Schema, SchemaIssue } from "effect"
import { UntrustedServerType } from "../errors.ts"
import { agentKeys } from "./AgentEntry.ts"
import type { ConfigPath } from "./document.ts"
import { HostOptions, ServerEntry, serverKeys } from "./HostOptions.ts"
import type { FoundProblem } from "./layers.ts"
import { keyRuleAt } from "./keyRules.ts"
import { presetValue } from "./presetValue.ts"
import { providerKeys } from "./ProviderEntry.ts"
import { showable } from "./secrets.ts"
import { valueAt } from "./tree.ts"

const decode = Schema.decodeUnknownResult(HostOptions, { errors: "all", onExcessProperty: "error" })
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const keysAt = (path: ConfigPath): ReadonlyArray<string> => {
  if (path[0] === "servers" && path.length === 2) return serverKeys
  if (path[0] === "agents" && path.length === 2) return agentKeys
  if (path[0] === "providers" && path.length === 2) return providerKeys
  const known = valueAt(presetValue, path)
  return typeof known === "object" && known !== null ? Object.keys(known) : []
}

const show = (path: ConfigPath, value: unknown): string => {
  const shown = showable(path, value)
  const text = JSON.stringify(shown) ?? String(shown)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What stands there instead, if anything does. */
const instead = (path: ConfigPath, found: unknown): string =>
  found === undefined ? "" : `, found ${show(path, found)}`

const suggest = (path: ConfigPath): { readonly suggestion?: string } => {
  const nearest = nearestName(String(path.at(-1)), keysAt(path.slice(0, -1)))
  return nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` }
}

const transports: ReadonlyArray<string> = ServerEntry.members.map(({ fields }) => fields.transport.literal)

type Explained = Omit<FoundProblem, "path">

/** What is said of a server whose transport nothing here has. Other programs call it the type. */
const explainTransport = (path: ConfigPath, server: object): Explained => {
  const message = `expected transport: ${transports.join(", ").replace(/, (?=\w+$)/, " or ")}`
  const key = Reflect.has(server, "transport") ? "transport" : "type"
  const said: unknown = Reflect.get(server, key)
  if (said === undefined) return { message }
  if (transports.some((transport) => transport === said)) {
    return { message, suggestion: `write "transport" instead of "type"` }
  }
  return { message: `${message}, found ${show([...path, key], said)}`, code: UntrustedServerType.definition.code }
}

const explain = (raw: unknown, path: ConfigPath, message: string): Explained => {
  if (message === "Expected no excess property") {
    const rule = keyRuleAt(path)
    return rule === undefined ? { message: "unknown key", ...suggest(path) } : { message: rule }
  }
  if (message === "Missing key") {
    const preset = valueAt(presetValue, path)
    return {
      message: "missing key",
      ...(preset === undefined
        ? {}
        : { suggestion: `add it, the preset has ${show(path, preset)}; or extend preset:default@1` })
    }
  }
  const found = valueAt(raw, path)
  if (path[0] === "servers" && path.length === 2) {
    if (typeof found !== "object" || found === null) {
      return {
        message: `expected a server: transport, then command, file or url, and so on, found ${show(path, found)}`
      }
    }
    return explainTransport(path, found)
  }
  const expected = message.replace("a valid Duration string", 'a duration such as "30 seconds"')
  return { message: `${expected}${instead(path, found)}` }
}

/** Checks a raw value against the schema of the file. */
export const decodeOptions = (raw: unknown): Result.Result<HostOptions, ReadonlyArray<FoundProblem>> =>
  Result.mapError(decode(raw), (error) =>
    issuesOf(error.issue).issues.map(({ message, path = [] }) => {
      const keys = path.map((part) => (typeof part === "object" ? part.key : part))
      return { path: keys, ...explain(raw, keys, message) }
    })
  )
