import { assert } from "@effect/vitest"
import { type ConfigInvalid, type ConfigSource, configTemplate, type LoadedConfig, loadConfig } from "@signalbox/host"
import { type FxMcpFlags, fxMcpCommand } from "@signalbox/testing"
import { Effect, FileSystem, Path } from "effect"
import { stringify } from "yaml"

/** A configuration of this text, in a folder of its own; without a text there is no file. */
export const load = Effect.fnUntraced(function* (text: string | undefined, overrides: Partial<ConfigSource> = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* Effect.orDie(fs.makeTempDirectoryScoped())
  if (text !== undefined) yield* Effect.orDie(fs.writeFileString(path.join(directory, "signalbox.yaml"), text))
  return yield* loadConfig({
    file: undefined,
    directory,
    environment: {},
    flags: [],
    whenMissing: "fail",
    ...overrides
  })
})

/** The problems of a configuration that is not sound. */
export const problemsOf = (text: string, overrides: Partial<ConfigSource> = {}) =>
  load(text, overrides).pipe(
    Effect.flip,
    Effect.map((error) => {
      assert.strictEqual(error._tag, "ConfigInvalid")
      // Just checked.
      return (error as ConfigInvalid).problems
    })
  )

/** A server entry that runs fx-mcp. */
export const fxServer = (flags: FxMcpFlags = {}, more: Record<string, unknown> = {}) => ({
  enabled: true,
  transport: "stdio",
  ...fxMcpCommand(flags),
  env: {},
  ...more
})

/** Nobody listens there, so that an Ollama of the machine that runs the tests is not found. */
export const withoutOllama = { "providers.ollama.baseUrl": "http://127.0.0.1:9/v1" }

/** Keys of the vendors that the configuration knows by itself. */
export const vendorKeys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b" }

/** Only tests of approval, and of the built-in tools, are about them. */
export const plainTemplate = configTemplate
  .replace("mode: auto-safe", "mode: auto")
  .replace(/^ {2}enabled: \[Read.*$/m, "  enabled: []")

/** A configuration with these servers, written to a folder of its own and loaded from there. */
export const configWith = Effect.fnUntraced(function* (
  servers: Record<string, unknown>,
  settings: Record<string, unknown> = {},
  environment: Record<string, string> = {},
  template: string = plainTemplate
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  yield* fs.writeFileString(
    path.join(directory, "signalbox.yaml"),
    template.replace("servers: {}", stringify({ servers }))
  )
  const flags = Object.entries(settings).map(([key, value]) => ({ path: key.split("."), value, flag: "test" }))
  return yield* loadConfig({ file: undefined, directory, environment, flags, whenMissing: "fail" })
})

export const setupFor = (config: LoadedConfig, environment: Record<string, string> = {}) => ({
  config,
  environment,
  owner: undefined,
  cacheDirectory: undefined,
  cores: 2,
  startsAll: true
})
