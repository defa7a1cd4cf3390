import * as NodeServices from "@effect/platform-node/NodeServices"
import { ConversationClient, collectTurn, EventStore, presetLimits } from "@signalbox/conversation"
import { FileLock, layerJsonl, ProcessIdentities } from "@signalbox/conversation/jsonl"
import { emptyToolbox, LanguageModel, Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { Duration, Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "signalbox-kept-"))

// A file for each conversation. Any number of processes may use the folder at the same time.
const store = layerJsonl({ folder, durability: "fsync", strict: false }).pipe(
  Layer.provide(FileLock.layer),
  Layer.provide(ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })),
  Layer.provide(NodeServices.layer)
)

/** What a program does: it starts the conversation under its name, and says something. */
const program = (text: string, answer: string) =>
  Effect.gen(function* () {
    const { model } = yield* scriptedModel([{ text: answer }])
    const conversations = ConversationClient.layer({
      request: { system: [], maxTokens: 1000 },
      limits: presetLimits,
      maxSessions: 10,
      idleTimeout: Duration.minutes(30),
      store: yield* EventStore
    }).pipe(Layer.provide([LanguageModel.layer(model), Layer.succeed(Toolbox, emptyToolbox)]))
    yield* Effect.gen(function* () {
      const session = yield* (yield* ConversationClient).start({ id: "trip" })
      console.log((yield* session.history).length, "messages so far")
      console.log((yield* collectTurn(session.send(text))).text)
    }).pipe(Effect.provide(conversations))
  }).pipe(Effect.provide(store, { local: true }))

await Effect.runPromise(program("We go to Bern.", "Take a coat."))
// => 0 messages so far
// => Take a coat.
await Effect.runPromise(program("Where do we go?", "To Bern."))
// => 2 messages so far
// => To Bern.
rmSync(folder, { recursive: true })
