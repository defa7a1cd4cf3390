/**
 * What each server listed the last time, so that its tools are known before it has started. It is a memory and no
 * promise: what cannot be read counts as unknown, what cannot be written is left, and a start never waits for it long.
 */
import { type McpTool, readToolList, type ServerOptions } from "@signalbox/mcp"
import { Context, Effect, type FileSystem, Hash, Layer, type Path, Predicate, Result } from "effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import { ownerVariable } from "./processTable.ts"

/** Remembers what servers listed. Provide `layerNone` to begin anew each time, or a store of your own to `layer`. */
export class ToolCache extends Context.Service<
  ToolCache,
  {
    /** The tools that a server of exactly these options listed; nothing when it has not been seen. */
    readonly read: (server: ServerOptions) => Effect.Effect<ReadonlyArray<McpTool> | undefined>
    readonly write: (server: ServerOptions, tools: ReadonlyArray<McpTool>) => Effect.Effect<void>
  }
>()("@signalbox/orchestrator/ToolCache") {
  /** Remembers nothing. */
  static readonly layerNone: Layer.Layer<ToolCache> = Layer.succeed(ToolCache, {
    read: () => Effect.undefined,
    write: () => Effect.void
  })

  /** Remembers in a store of the program's choice. */
  static readonly layer: Layer.Layer<ToolCache, never, KeyValueStore.KeyValueStore> = Layer.effect(
    ToolCache,
    Effect.map(KeyValueStore.KeyValueStore, makeToolCache)
  )

  /** One file for each server in a directory of their own. Remembers nothing where that cannot be made. */
  static readonly layerFiles = (directory: string): Layer.Layer<ToolCache, never, FileSystem.FileSystem | Path.Path> =>
    ToolCache.layer.pipe(
      Layer.provide(KeyValueStore.layerFileSystem(directory)),
      Layer.catchTag("PlatformError", (error) =>
        Layer.effectDiscard(Effect.logDebug(`Tools are not remembered: ${error.message}`)).pipe(
          Layer.provideMerge(ToolCache.layerNone)
        )
      )
    )
}

function makeToolCache(store: KeyValueStore.KeyValueStore): ToolCache["Service"] {
  return {
    read: (server) =>
      store.get(keyOf(server)).pipe(
        Effect.map((text) => (text === undefined ? undefined : decode(text))),
        Effect.catch((error) => Effect.as(note(server, error), undefined))
      ),
    write: (server, tools) =>
      Effect.catch(store.set(keyOf(server), JSON.stringify({ version, tools })), (error) => note(server, error))
  }
}

const note = (server: ServerOptions, error: Error) =>
  Effect.logDebug(`The tools of server "${server.name}" are not remembered: ${error.message}`)

/**
 * The name for people, and a hash of all that decides what answers under it. Names of variables and headers count
 * and their values do not: they change from login to login, and a file name is no place for secrets.
 */
const keyOf = ({ endpoint, name }: ServerOptions): string => {
  const identity =
    endpoint.transport === "stdio"
      ? ["stdio", endpoint.command, endpoint.args, endpoint.cwd ?? "", namesIn(endpoint.env)]
      : "url" in endpoint
        ? [endpoint.transport, endpoint.url, namesIn(endpoint.headers)]
        : [endpoint.transport]
  return `tools-${name}-${(Hash.string(JSON.stringify(identity)) >>> 0).toString(36)}.json`
}

const namesIn = (values: Readonly<Record<string, unknown>>) =>
  Object.keys(values).filter((name) => name !== ownerVariable)

/** Of what is kept of a tool; another version may keep more, and would take that for a change. */
const version = 2

/** Nothing where the text is not what was written: a file may be torn, or of another version. */
const decode = (text: string): ReadonlyArray<McpTool> | undefined => {
  const value: unknown = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  if (!Predicate.isObject(value) || value["version"] !== version || !Array.isArray(value["tools"])) return undefined
  const { problems, tools } = readToolList(value["tools"])
  return problems.length === 0 ? tools : undefined
}
