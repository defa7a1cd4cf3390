/**
 * The server as it is started for people, in this process, over a configuration that a proof writes.
 */
import { loadConfig, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import { tempDirectory } from "@signalbox/testing"
import { Effect, Layer } from "effect"
import { writeFile } from "node:fs/promises"

/** Something of a test for the length of the scope. */
export const disposed = <A extends AsyncDisposable>(make: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(make), (made) => Effect.promise(() => made[Symbol.asyncDispose]()))

/**
 * Runs while the scope is open. `env:FX_KEY` is a key in what it is told; what is around it has its log, for one.
 */
export const startHostServer = Effect.fnUntraced(function* (
  configuration: object,
  around: Layer.Layer<never> = Layer.empty
) {
  const directory = yield* disposed(tempDirectory)
  // JSON is YAML.
  const text = JSON.stringify({
    extends: "preset:default@1",
    server: { port: 0 },
    tools: { enabled: [] },
    ...configuration
  })
  yield* Effect.promise(() => writeFile(`${directory.path}/signalbox.yaml`, text))
  const from = { file: undefined, directory: directory.path, environment: {}, flags: [], whenMissing: "fail" } as const
  const config = yield* Effect.provide(loadConfig(from), nodePlatform)
  const host = Host.layer({
    config,
    environment: { FX_KEY: "sk-upstream" },
    owner: undefined,
    cacheDirectory: undefined,
    cores: 2,
    startsAll: true
  })
  const layer = SignalboxServer.layer(config.options.server).pipe(
    Layer.provide(host),
    Layer.provide(nodePlatform),
    Layer.provide(around)
  )
  const context = yield* Effect.orDie(Layer.build(layer))
  return yield* Effect.provide(SignalboxServer, context)
}, Effect.orDie)
