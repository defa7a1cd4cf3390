/**
 * `server`: where `signalbox serve` listens, whom it lets in, and what they may ask for.
 */
import { Schema } from "effect"
import { ApprovalMode } from "./ApprovalOptions.ts"
import { ApiKey, PositiveDuration, PositiveInt, ServerName } from "./schemas.ts"

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65535 }))

/** Which tools of the host a request may use: all, none, or those of some servers. */
const Tools = Schema.Union([Schema.Literals(["all", "servers", "none"]), Schema.Array(ServerName)])

/** A client that may ask, by its key. What it leaves out is that of the server. */
const ClientKey = Schema.Struct({
  /** Shown in logs, and kept apart in costs and sessions. */
  name: Schema.NonEmptyString,
  key: ApiKey,
  tools: Schema.optionalKey(Tools),
  /** Names of models that may be asked for; `*` at the end stands for any rest. */
  models: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  /** Whether requests may bring MCP servers by their URLs. */
  mcpUrls: Schema.optionalKey(Schema.Boolean)
})
export type ClientKey = typeof ClientKey.Type

const Auth = Schema.Struct({
  mode: Schema.Literals(["none", "keys", "forward"]),
  keys: Schema.Array(ClientKey)
})

const HostName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9.*_-]+$/, { message: "Expected the name of a host, such as example.com" })
)

const Network = Schema.String.check(
  Schema.isPattern(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, { message: "Expected an address or a network, such as 10.0.0.0/8" })
)

/** MCP servers that a request brings: who may, and which addresses are connected to. */
const McpUrls = Schema.Struct({
  allowed: Schema.Boolean,
  ports: Schema.Union([
    Schema.Literal("standard"),
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 })))
  ]),
  allowHosts: Schema.Array(HostName),
  denyHosts: Schema.Array(HostName),
  allowAddresses: Schema.Array(Network),
  keepFor: PositiveDuration
})

/** The sockets of `/ws/chat`. */
const WebSocketOptions = Schema.Struct({
  maxMessageBytes: Schema.Union([Schema.Literal("auto"), PositiveInt]),
  pingInterval: Schema.Union([Schema.Literal("off"), PositiveDuration]),
  pingTimeout: PositiveDuration
})

/** The section. */
export const ServerOptions = Schema.Struct({
  host: Schema.NonEmptyString,
  port: Port,
  maxRequestBytes: PositiveInt,
  websocket: WebSocketOptions,
  auth: Auth,
  tools: Tools,
  mcpUrls: McpUrls,
  approval: ApprovalMode,
  maxConcurrentRequests: PositiveInt,
  maxQueuedRequests: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  maxTokens: Schema.Union([Schema.Literal("unlimited"), PositiveInt]),
  whenOverMaxTokens: Schema.Literals(["clamp", "reject"]),
  whenToolFlowBroken: Schema.Literals(["reject", "repair", "ignore"]),
  cache: Schema.Struct({
    enabled: Schema.Boolean,
    timeToLive: PositiveDuration,
    maxEntries: PositiveInt,
    maxBytes: PositiveInt
  })
})
export type ServerOptions = typeof ServerOptions.Type
