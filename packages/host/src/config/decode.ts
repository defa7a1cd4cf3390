/**
 * From a raw value to `HostOptions`: every problem at once, each with its path, line and a suggestion.
 */
import { nearestName } from "@signalbox/model"
import { Result, Schema, SchemaIssue } from "effect"
import { type ConfigProblem } from "../errors.ts"
import { type ConfigPath } from "./document.ts"
import { HostOptions } from "./HostOptions.ts"
import { presetValue } from "./presets.ts"

const decode = Schema.decodeUnknownResult(HostOptions, { errors: "all", onExcessProperty: "error" })
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** The value at a path, or `undefined`. */
export const valueAt = (value: unknown, path: ConfigPath): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value
  )

const keysAt = (path: ConfigPath): ReadonlyArray<string> => {
  if (path[0] === "servers" && path.length === 2) return serverKeys
  const known = valueAt(presetValue, path)
  return typeof known === "object" && known !== null ? Object.keys(known) : []
}

const serverKeys: ReadonlyArray<string> = (
  "enabled transport command args env cwd inheritEnv url headers description required trusted writes protocol " +
  "connectTimeout callTimeout shutdownTimeout maxMessageBytes maxRequestBytes maxConcurrentCalls tools"
).split(" ")

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const suggest = (path: ConfigPath): { readonly suggestion?: string } => {
  const nearest = nearestName(String(path.at(-1)), keysAt(path.slice(0, -1)))
  return nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` }
}

const explain = (
  raw: unknown,
  path: ConfigPath,
  message: string
): { readonly message: string; readonly suggestion?: string } => {
  if (message === "Expected no excess property") return { message: "unknown key", ...suggest(path) }
  if (message === "Missing key") {
    const preset = valueAt(presetValue, path)
    return {
      message: "missing key",
      ...(preset === undefined
        ? {}
        : { suggestion: `add it, the preset has ${show(preset)}; or extend preset:default@1` })
    }
  }
  const found = valueAt(raw, path)
  if (path[0] === "servers" && path.length === 2 && typeof found === "object" && found !== null) {
    return { message: `expected transport: stdio or transport: http, found ${show(Reflect.get(found, "transport"))}` }
  }
  return {
    message: `${message.replace("a valid Duration string", 'a duration such as "30 seconds"')}, found ${show(found)}`
  }
}

/** Checks a raw value against the schema of the file. */
export const decodeOptions = (
  raw: unknown,
  lineOf: (path: ConfigPath) => number
): Result.Result<HostOptions, ReadonlyArray<ConfigProblem>> =>
  Result.mapError(decode(raw), (error) =>
    issuesOf(error.issue).issues.map(({ message, path = [] }) => {
      const keys = path.map((part) => (typeof part === "object" ? part.key : part))
      return { path: keys.map(String).join("."), line: lineOf(keys), ...explain(raw, keys, message) }
    })
  )
