/** Answers of fx-mcp that need no state: the handshakes, prompts, resources, completions, and the rules about versions. */
import type { ParsedFlags } from "./flags.ts"
import {
  asObject,
  asText,
  type Era,
  errorCode,
  handshakeVersions,
  type Json,
  metaKey,
  RpcError,
  statelessVersion
} from "./protocol.ts"
import { tasksExtension } from "./tasks.ts"
import { redPixelPng } from "./tools.ts"

/** Which era a request belongs to; throws the version error when the server does not speak it. */
export const eraOf = (method: string, params: Json, flags: ParsedFlags): Era => {
  const claimed = asObject(params["_meta"])[metaKey.protocolVersion]
  const spoken = flags.era ?? "both"
  const isStateless = claimed !== undefined || method === "server/discover"
  if (isStateless && spoken !== "2025") {
    if (claimed !== statelessVersion) throw unsupported(claimed, [statelessVersion])
    return "2026"
  }
  if (spoken === "2026") throw unsupported(params["protocolVersion"], [statelessVersion])
  return "2025"
}

/** The result of a method without state; throws `methodNotFound` for the others. */
export const plainMethod = (method: string, params: Json, era: Era, flags: ParsedFlags): Json => {
  const handler = (era === "2025" ? handshakeMethods : statelessMethods)[method] ?? sharedMethods[method]
  if (handler === undefined || (flags.onlyTools && !toolsOnlyMethods.has(method))) {
    throw new RpcError(errorCode.methodNotFound, `Method not found: ${method}`)
  }
  return handler(params, flags)
}

/** Adds what each result of the stateless revision carries: its type, who answers, and how long lists may be kept. */
export const dressResult = (method: string, result: Json, era: Era, flags: ParsedFlags): Json =>
  era === "2025"
    ? result
    : {
        resultType: "complete",
        ...(cacheable.has(method) ? { ttlMs: flags.ttl ?? 0, cacheScope: "private" } : {}),
        ...result,
        _meta: { ...asObject(result["_meta"]), [metaKey.serverInfo]: serverInfo(flags) }
      }

const unsupported = (requested: unknown, supported: ReadonlyArray<string>): RpcError =>
  new RpcError(errorCode.unsupportedVersion, "Unsupported protocol version", {
    supported,
    requested: typeof requested === "string" ? requested : "none"
  })

const serverInfo = (flags: ParsedFlags): Json => ({ name: flags.name ?? "fx-mcp", version: "0.1.0" })

const capabilities = (flags: ParsedFlags, isStateless: boolean): Json => ({
  tools: { listChanged: true },
  ...(flags.tasks === undefined ? {} : isStateless ? statelessTasks : handshakeTasks),
  ...(flags.onlyTools
    ? {}
    : {
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        ...(isStateless ? {} : { logging: {} })
      })
})

const handshakeTasks = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }
const statelessTasks = { extensions: { [tasksExtension]: {} } }

type Methods = Readonly<Record<string, (params: Json, flags: ParsedFlags) => Json>>

const instructions = (flags: ParsedFlags): Json =>
  flags.instructions === undefined ? {} : { instructions: flags.instructions }

const handshakeMethods: Methods = {
  initialize: (params, flags) => {
    const asked = String(params["protocolVersion"])
    if (flags.refuseVersion) {
      throw new RpcError(errorCode.invalidParams, "Unsupported protocol version", {
        supported: ["1999-12-31"],
        requested: asked
      })
    }
    return {
      protocolVersion: flags.protocolVersion ?? (handshakeVersions.includes(asked) ? asked : handshakeVersions[0]),
      capabilities: capabilities(flags, false),
      serverInfo: serverInfo(flags),
      ...instructions(flags)
    }
  },
  ping: () => ({}),
  "logging/setLevel": () => ({})
}

const statelessMethods: Methods = {
  "server/discover": (_, flags) => ({
    supportedVersions: [statelessVersion, ...(flags.era === "2026" ? [] : handshakeVersions)],
    capabilities: capabilities(flags, true),
    ...instructions(flags)
  })
}

const sharedMethods: Methods = {
  "prompts/list": (params, flags) =>
    page("prompts", params, flags, (number) => ({
      name: number === 1 ? "greet" : `greet_${number}`,
      description: "Greets someone.",
      arguments: [{ name: "name", required: true }]
    })),
  "prompts/get": (params) => {
    if (params["name"] !== "greet")
      throw new RpcError(errorCode.invalidParams, `Unknown prompt: ${String(params["name"])}`)
    const name = asText(asObject(params["arguments"])["name"], "world")
    return { messages: [{ role: "user", content: { type: "text", text: `Say hello to ${name}.` } }] }
  },
  "resources/list": (params, flags) =>
    page("resources", params, flags, (number) =>
      number === 1
        ? { uri: "fx://status", name: "status", mimeType: "text/plain" }
        : { uri: `fx://item/${number}`, name: `item ${number}`, mimeType: "text/plain" }
    ),
  "resources/templates/list": (params, flags) =>
    page("resourceTemplates", params, flags, (number) => ({
      uriTemplate: number === 1 ? "fx://item/{id}" : `fx://item/{id}/${number}`,
      name: "item",
      mimeType: "text/plain"
    })),
  "resources/read": (params, flags) => {
    const uri = String(params["uri"])
    if (flags.failRead?.includes(uri)) throw new RpcError(errorCode.internal, `Cannot read ${uri}`)
    // Not listed, as many are not.
    if (uri === "fx://pixel") return { contents: [{ uri, mimeType: "image/png", blob: redPixelPng }] }
    const id = /^fx:\/\/item\/(.+)$/.exec(uri)?.[1]
    if (uri !== "fx://status" && id === undefined) {
      throw new RpcError(errorCode.invalidParams, `Resource not found: ${uri}`, { uri })
    }
    return { contents: [{ uri, mimeType: "text/plain", text: id === undefined ? "online" : `item ${id}` }] }
  },
  "completion/complete": () => ({ completion: { values: ["one", "two"], total: 2, hasMore: false } })
}

/** One page of a list of which every entry is made from its number. */
const page = (key: string, params: Json, flags: ParsedFlags, make: (number: number) => Json): Json => {
  const count = flags.items ?? 1
  const size = flags.pageSize ?? Math.max(1, count)
  const from = Number(params["cursor"] ?? 0)
  if (!Number.isInteger(from) || from < 0) throw new RpcError(errorCode.invalidParams, "Invalid cursor")
  const numbers = Array.from({ length: Math.max(0, Math.min(size, count - from)) }, (_, index) => from + index + 1)
  const next = flags.endlessCursors || from + size < count ? { nextCursor: String(from + size) } : {}
  return { [key]: numbers.map(make), ...next }
}

const toolsOnlyMethods = new Set(["initialize", "ping", "server/discover"])

const cacheable = new Set([
  "server/discover",
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read"
])
