/**
 * The services of Node that a host needs.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { layerTokenFiles, ParentEnvironment } from "@signalbox/mcp"
import { DirectHttp } from "@signalbox/model/http"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { OrphanSweep, ProcessEnvironments } from "@signalbox/orchestrator"
import type { CheckedUrl } from "@signalbox/tools"
import { Context, Effect, Layer, Scope } from "effect"
import { HttpClient, type HttpClientError } from "effect/http"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { cacheDirectory } from "./cacheDirectory.ts"
import { keptStores } from "./conversationStore.ts"
import { dataDirectory } from "./dataDirectory.ts"
import { environmentsFromProc } from "./environmentsFromProc.ts"
import { Host } from "../Host.ts"
import type { HostSetup } from "../HostSetup.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { UrlAccess, type UrlRules } from "../urlServers/UrlAccess.ts"

/** The client at the first request: many programs make none, and loading it costs 30 ms. */
const lazyHttp = Layer.effectContext(
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const load = yield* Effect.cached(
      Effect.promise(() => import("./httpClient.ts")).pipe(
        Effect.flatMap(({ makeHttp }) => Scope.provide(makeHttp, scope))
      )
    )
    const client = HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
      Effect.flatMap((request) => Effect.flatMap(load, (http) => http.client.execute(request))),
      Effect.succeed
    )
    return Context.make(HttpClient.HttpClient, client).pipe(
      Context.add(
        DirectHttp,
        Effect.map(load, ({ send }) => send)
      )
    )
  })
)

/** Loaded at the first address, too. */
const lazyUrlAccess = Layer.effect(
  UrlAccess,
  Effect.map(
    Effect.cached(
      Effect.map(
        Effect.promise(() => import("./urlAccess.ts")),
        ({ urlAccess }) => urlAccess
      )
    ),
    (load) => ({
      check: (url: string, rules: UrlRules) => Effect.flatMap(load, ({ check }) => check(url, rules)),
      fetchTo: (checked: CheckedUrl) => Effect.flatMap(load, ({ fetchTo }) => fetchTo(checked))
    })
  )
)

/** Logins are kept for all programs of the user, whatever their configuration. */
const tokens = Layer.unwrap(Effect.sync(() => layerTokenFiles(join(dataDirectory(), "tokens"))))

/** Files, processes, HTTP, what the built-in tools need, the logins of the user, and the environment that servers get their short list of variables from. */
export const nodePlatform = Layer.mergeAll(
  NodeServices.layer,
  lazyHttp,
  lazyUrlAccess,
  layerDirectFiles,
  layerWebAccess,
  Layer.provide(tokens, NodeServices.layer),
  Layer.sync(ParentEnvironment, () => process.env),
  // Asked for where there is a `/proc`.
  Layer.succeed(ProcessEnvironments, Effect.sync(environmentsFromProc))
)

/** Who this process is, in the mark that its servers carry. */
export const nodeOwner = Effect.flatMap(OrphanSweep, (sweep) => sweep.ownerOf(process.pid)).pipe(
  Effect.provide(OrphanSweep.layer)
)

/** What a host in this process is made with; for `environment` see `nodeEnvironment`. */
export interface NodeHostOptions {
  readonly startsAll: boolean
  /** The one server that the program will use; it starts first. */
  readonly onlyServer?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What this program answers when servers ask back; without it all is declined. */
  readonly questions?: HostSetup["questions"]
  /** What stands between the host and the world: a recording, or a replay. */
  readonly seams?: HostSetup["seams"]
}

/** A host in this process. Needs `nodePlatform`. */
export const nodeHost = (config: LoadedConfig, options: NodeHostOptions) =>
  Layer.unwrap(
    Effect.map(Effect.all([nodeOwner, keptStores(config, options.environment)]), ([mark, kept]) =>
      Host.layer({
        config,
        environment: options.environment,
        owner: mark,
        cacheDirectory: cacheDirectory(),
        dataDirectory: dataDirectory(),
        cores: availableParallelism(),
        startsAll: options.startsAll,
        ...kept,
        ...(options.onlyServer === undefined ? {} : { onlyServer: options.onlyServer }),
        ...(options.questions === undefined ? {} : { questions: options.questions }),
        ...(options.seams === undefined ? {} : { seams: options.seams })
      })
    )
  )
