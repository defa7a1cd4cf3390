/**
 * How one MCP server is reached and the limits it is held to. Every field is required: this package
 * reads no environment and has no hidden defaults. `serverDefaults` is the preset to spread and print.
 */
import { Duration, type Redacted } from "effect"
import type { ServerExited, StreamLost } from "./connectionErrors.ts"
import type { OAuthOptions } from "./auth/OAuthOptions.ts"
import type { ServerTransport } from "./wire.ts"

/** A text that may be a secret. `Redacted` values stay out of logs, errors and status. */
export type MaybeSecret = string | Redacted.Redacted

/** A server that is started as a child process and spoken to over its standard input and output. */
export interface StdioOptions {
  readonly transport: "stdio"
  /** A path (relative ones count from `cwd`), or a name that is looked up in the child's `PATH`. */
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** The working directory; `undefined` means that of this process. */
  readonly cwd: string | undefined
  /** Variables declared for this server. They win over inherited ones. */
  readonly env: Readonly<Record<string, MaybeSecret>>
  /** Whether the child gets the whole `ParentEnvironment`, our API keys included, instead of the small allow-list. */
  readonly inheritsEnv: boolean
}

/** A server that is spoken to over HTTP. */
export interface HttpOptions {
  /**
   * `http` is Streamable HTTP. `sse` is the transport before it (revision 2024-11-05), which is also tried, once,
   * when an `http` server refuses the handshake with 400, 404 or 405, unless `protocol` is 2026-07-28.
   */
  readonly transport: "http" | "sse"
  readonly url: string
  /** Sent with every request, to the origin of `url` alone. */
  readonly headers: Readonly<Record<string, MaybeSecret>>
  /**
   * How credentials are got when the server asks for them (HTTP 401). Left out, a login that the `TokenStore` keeps is
   * used and renewed. An `Authorization` header of ours turns all of it off, as "none" does.
   */
  readonly auth?: OAuthOptions | "none" | undefined
}

/** A server that lives in this program. */
export interface InProcessOptions {
  readonly transport: "in-process"
  /**
   * Connects a server to its end, once for each connection, and is done when that listens:
   * `(transport) => makeMcpServer().connect(transport)` with an MCP SDK. The server is told by `onclose` when it is over.
   */
  readonly serve: (transport: ServerTransport) => PromiseLike<unknown> | void
  /** Why it closed its end, for a server that stands for another; without it, it is told as one that is gone. */
  readonly lostBy?: () => ServerExited | StreamLost | undefined
}

/** Everything there is to say about one MCP server. */
export interface ServerOptions {
  /** The name under which the configuration knows it. Every error carries it. */
  readonly name: string
  readonly endpoint: StdioOptions | HttpOptions | InProcessOptions
  /**
   * Which protocol era is spoken. `legacy` is the `initialize` handshake of 2024-11-05 to 2025-11-25.
   * `auto` finds out: over HTTP by `server/discover`, over stdio by `initialize` first, because many older
   * servers exit when anything else comes first.
   */
  readonly protocol: "auto" | "legacy" | "2026-07-28"
  /**
   * The one budget for spawning and handshake together; where servers are supervised, for the first list as well. It also
   * bounds each later `listTools` and `ping`.
   */
  readonly connectTimeout: Duration.Duration
  /** How long a tool call may show no sign of life. Progress is one, and an open question of the server stops the time. */
  readonly idleTimeout: Duration.Duration
  /** How long a tool call may take in all. Nothing extends it. */
  readonly callTimeout: Duration.Duration
  /** From the start of closing to `SIGKILL`. The process gets half a second after end of input before `SIGTERM`. */
  readonly shutdownTimeout: Duration.Duration
  /** The largest message that is read. A larger one fails its own call; the connection goes on. */
  readonly maxMessageBytes: number
  /** The largest message that is written. A larger one is refused before it is sent. */
  readonly maxRequestBytes: number
}

/** Whether a server is spoken to over HTTP. */
export const isRemote = (endpoint: ServerOptions["endpoint"]): endpoint is HttpOptions =>
  endpoint.transport === "http" || endpoint.transport === "sse"

const mebibyte = 1024 * 1024

/** The limits that suit most servers, to be spread into `ServerOptions`. */
export const serverDefaults = {
  protocol: "auto",
  connectTimeout: Duration.seconds(30),
  idleTimeout: Duration.seconds(60),
  callTimeout: Duration.minutes(10),
  shutdownTimeout: Duration.seconds(5),
  maxMessageBytes: 50 * mebibyte,
  maxRequestBytes: 10 * mebibyte
} as const satisfies Partial<ServerOptions>
