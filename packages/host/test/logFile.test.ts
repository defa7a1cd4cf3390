import { assert, layer } from "@effect/vitest"
import { hostLogging, logFile } from "@signalbox/host"
import { tempDirectory } from "@signalbox/testing"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { readFile, stat } from "node:fs/promises"
import { stringify } from "yaml"
import { load } from "./support.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (made) => Effect.promise(() => made[Symbol.asyncDispose]())
)

const configured = (file: string) => load(stringify({ extends: "preset:default@1", logging: { file, level: "info" } }))

layer(NodeServices.layer, { excludeTestServices: true })("the file of the log", (it) => {
  it.effect("has every line as JSON, beside standard error, and keeps those of the run before", () =>
    Effect.gen(function* () {
      const { file } = yield* folder
      const path = file("signalbox.log")
      const config = yield* configured(path)
      const seen: Array<string> = []
      const stream = { isTerminal: true, hasColors: false, write: (line: string) => void seen.push(line) }
      const logging = Layer.provideMerge(logFile(config), hostLogging(config.options.logging, stream))
      yield* Effect.provide(Effect.logInfo("first", { step: 1 }), logging)
      yield* Effect.provide(Effect.andThen(Effect.logDebug("not this"), Effect.logWarning("second")), logging)
      const text = yield* Effect.promise(() => readFile(path, "utf8"))
      const lines = text.trimEnd().split("\n")
      const messages = lines.map((line) => (JSON.parse(line) as { readonly message: unknown }).message)
      assert.deepStrictEqual(messages, ["first", "second"])
      assert.lengthOf(seen, 2)
      assert.strictEqual((yield* Effect.promise(() => stat(path))).mode & 0o777, 0o600)
    })
  )

  it.effect("that cannot be written is a problem of the configuration, with its line", () =>
    Effect.gen(function* () {
      const { file } = yield* folder
      const config = yield* configured(file("none/signalbox.log"))
      const error = yield* Effect.flip(Effect.provide(Effect.void, logFile(config)))
      assert.strictEqual(error.code, "CONFIG_INVALID")
      assert.match(error.message, /signalbox\.yaml:3 logging\.file: the file cannot be written/)
    })
  )
})
