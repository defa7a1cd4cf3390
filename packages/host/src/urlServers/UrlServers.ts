/**
 * MCP servers that requests bring by URL, each with its own credentials: connected to for the client that brought them, and
 * kept for it for a while, since the next request of a conversation brings them again. They are no servers of the
 * configuration: nothing lists them, nothing of them is remembered, and no reference to a variable is looked up in them.
 */
import { AuthorizationRequired, ServerHttpStatus } from "@signalbox/mcp"
import type { Toolbox } from "@signalbox/model"
import { ServerOrchestrator, type StartError } from "@signalbox/orchestrator"
import { Context, Data, Effect, Exit, Layer, Metric, RcMap, type Redacted, type Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import type { HostSetup } from "../HostSetup.ts"
import { orchestratorOptions } from "../orchestratorOptions.ts"
import { managed } from "../servers.ts"
import { inTestMode } from "../testing/testMode.ts"
import { McpUrlFailed, McpUrlRefused, McpUrlUnauthorized, type UrlServerError } from "./errors.ts"
import { UrlAccess } from "./UrlAccess.ts"

/** A server as a request brings it. Its name is that of the request, and shown beside its tools. */
export class UrlServer extends Data.Class<{
  /** Nobody else's requests share its connection. */
  readonly client: string
  readonly name: string
  readonly url: string
  /** Headers with what lets the client in there. */
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
}> {}

/** Use it where requests of others may name servers by their URLs. */
export class UrlServers extends Context.Service<
  UrlServers,
  {
    /** The tools of a server, while the scope is open. What cannot be connected to is given up at once. */
    readonly connect: (server: UrlServer) => Effect.Effect<Toolbox["Service"], UrlServerError, Scope.Scope>
  }
>()("@signalbox/host/UrlServers") {
  /** Connections end with the layer. */
  static readonly layer = (setup: HostSetup) => Layer.effect(UrlServers, makeUrlServers(setup))
}

/** Connections that are kept at the most: the oldest goes first, as soon as nobody uses it. */
const mostKept = 64

const makeUrlServers = Effect.fnUntraced(function* (setup: HostSetup) {
  const access = yield* UrlAccess
  const { runtime, server, testing } = setup.config.options
  const options = yield* orchestratorOptions(setup, [])

  const managedServer = ({ headers, name, url }: UrlServer) => {
    const entry = { enabled: true, transport: "http", url, headers: {} } as const
    const endpoint = { transport: "http", url, headers, auth: "none" } as const
    return inTestMode(testing, managed(name, entry, runtime, { endpoint, program: {} }))
  }

  const open = Effect.fnUntraced(function* (brought: UrlServer) {
    const { name: serverName, url } = brought
    const checked = yield* Effect.mapError(
      access.check(url, server.mcpUrls),
      ({ reason, rule }) =>
        new McpUrlRefused({ serverName, reason, ...(rule === undefined ? {} : { setting: `server.mcpUrls.${rule}` }) })
    )
    const fetch = yield* access.fetchTo(checked)
    const services = yield* Layer.build(
      ServerOrchestrator.layer({
        ...options,
        servers: [managedServer(brought)],
        startsAll: false,
        // Whatever a token lets its owner see stays between the two.
        toolCacheDirectory: undefined,
        sweepsOrphans: false
      })
    ).pipe(
      Effect.provideService(FetchHttpClient.Fetch, fetch),
      // Names that others choose would fill the registry of the host.
      Effect.provideService(Metric.MetricRegistry, new Map()),
      // There is one server, so no two of a name.
      Effect.orDie
    )
    return Context.get(services, ServerOrchestrator)
  })

  const kept = yield* RcMap.make({ lookup: open, idleTimeToLive: server.mcpUrls.keepFor })

  const makeRoom = Effect.fnUntraced(function* (wanted: UrlServer) {
    if (yield* RcMap.has(kept, wanted)) return
    const [oldest, ...others] = yield* RcMap.keys(kept)
    if (oldest !== undefined && others.length + 1 >= mostKept) yield* RcMap.invalidate(kept, oldest)
  })

  return UrlServers.of({
    connect: Effect.fn("UrlServers.connect")((brought: UrlServer) =>
      Effect.gen(function* () {
        yield* makeRoom(brought)
        const orchestrator = yield* RcMap.get(kept, brought)
        yield* Effect.catch(orchestrator.ensureStarted(brought.name), (error) =>
          error._tag === "ServerNotFound" ? Effect.die(error) : Effect.fail(failure(brought.name, error))
        )
        return orchestrator.toolbox
      }).pipe(
        // One that failed, or that nobody waits for any more, must not be tried again by itself.
        Effect.onExit((exit) => (Exit.isFailure(exit) ? RcMap.invalidate(kept, brought) : Effect.void))
      )
    )
  })
})

const isRefusal = (error: StartError): boolean =>
  error instanceof AuthorizationRequired || (error instanceof ServerHttpStatus && error.httpStatus === 403)

const failure = (serverName: string, error: StartError): McpUrlFailed | McpUrlUnauthorized =>
  isRefusal(error)
    ? new McpUrlUnauthorized({ serverName, cause: error })
    : new McpUrlFailed({ serverName, reason: error.message, cause: error })
