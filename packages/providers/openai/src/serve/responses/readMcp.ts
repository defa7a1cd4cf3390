/**
 * MCP servers that a Responses request names: `mcp` entries among its tools. One may be known to the host by its label, or
 * be brought by its URL; which of them are connected to is for the host to say.
 */
import { isJsonObject, type JsonObject, type ToolDefinition } from "@signalbox/model"
import { Effect, Redacted } from "effect"
import { refuse, type RequestIssue } from "../issue.ts"

type Path = ReadonlyArray<PropertyKey>

/** A server that a request wants. */
export interface RequestedServer {
  /** Its label, which stands beside its calls. */
  readonly name: string
  readonly url?: string
  /** To be sent to the URL. */
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  readonly wants: (tool: ToolDefinition) => boolean
  /** Whether calls of a tool are to be approved one by one; `undefined` leaves it to the host. */
  readonly approval: (tool: ToolDefinition) => "always" | "never" | undefined
}

type Filter = (tool: ToolDefinition) => boolean

/** Tools by their own names, by what they say of themselves, or both. */
const readFilter = (given: unknown, path: Path): Effect.Effect<Filter, RequestIssue> => {
  const { read_only: readOnly, tool_names: names } = Array.isArray(given)
    ? { tool_names: given, read_only: undefined }
    : isJsonObject(given)
      ? given
      : { tool_names: 0, read_only: undefined }
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string")
  if (!isList && names !== undefined && names !== null) {
    return refuse(Array.isArray(given) ? path : [...path, "tool_names"], "Expected names of tools")
  }
  return Effect.succeed(
    ({ annotations, originalName }) =>
      (!isList || names.includes(originalName)) &&
      (typeof readOnly !== "boolean" || (annotations.readOnlyHint === true) === readOnly)
  )
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** Where only `never` is said, the others are asked about, as at OpenAI. */
const readApproval = Effect.fnUntraced(function* (
  given: unknown,
  path: Path
): Effect.fn.Return<RequestedServer["approval"], RequestIssue> {
  if (!isGiven(given)) return () => undefined
  if (given === "always" || given === "never") return () => given
  if (!isJsonObject(given)) return yield* refuse(path, 'Expected "always", "never" or lists of tools')
  const { always, never } = given
  const isAlways = isGiven(always) ? yield* readFilter(always, [...path, "always"]) : () => false
  const isNever = isGiven(never) ? yield* readFilter(never, [...path, "never"]) : () => false
  const otherwise = isGiven(always) || !isGiven(never) ? undefined : "always"
  return (tool) => (isAlways(tool) ? "always" : isNever(tool) ? "never" : otherwise)
})

const readHeaders = ({ authorization, headers }: JsonObject): RequestedServer["headers"] => ({
  ...Object.fromEntries(
    Object.entries(isJsonObject(headers) ? headers : {}).flatMap(([name, value]) =>
      typeof value === "string" ? [[name.toLowerCase(), Redacted.make(value)]] : []
    )
  ),
  ...(typeof authorization === "string" ? { authorization: Redacted.make(`Bearer ${authorization}`) } : {})
})

/** Reads one entry. */
export const readMcp = Effect.fnUntraced(function* (
  tool: JsonObject,
  path: Path
): Effect.fn.Return<RequestedServer, RequestIssue> {
  const { allowed_tools: allowed, require_approval: approval, server_label: name, server_url: url } = tool
  if (typeof tool["connector_id"] === "string")
    return yield* refuse([...path, "connector_id"], "Connectors of OpenAI are not served here: send server_url.")
  if (typeof name !== "string" || name === "") return yield* refuse([...path, "server_label"], "Missing key")
  return {
    name,
    ...(typeof url === "string" ? { url } : {}),
    headers: readHeaders(tool),
    wants: isGiven(allowed) ? yield* readFilter(allowed, [...path, "allowed_tools"]) : () => true,
    approval: yield* readApproval(approval, [...path, "require_approval"])
  }
})

/** An entry as the response shows it again: without what lets the client in at the server. */
export const shownMcp = (tool: JsonObject): JsonObject => {
  const { authorization: _secret, headers, ...shown } = tool
  if (!isJsonObject(headers)) return shown
  return { ...shown, headers: Object.fromEntries(Object.keys(headers).map((name) => [name, "<redacted>"])) }
}
