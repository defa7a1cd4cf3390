/** Two programs that share a conversation, here in one process. `DATABASE_URL` says where the database is. */
import { EventStore } from "@signalbox/conversation"
import { layerPostgres } from "@signalbox/conversation-postgres"
import { Effect, Layer, Redacted } from "effect"

const conversations = layerPostgres({
  url: Redacted.make(process.env["DATABASE_URL"] ?? "postgres://localhost/signalbox"),
  maxConnections: 10,
  strict: false
})

const say = (text: string) =>
  EventStore.use((store) =>
    store.addEvent("trip", {
      type: "user_message",
      role: "user",
      content: [{ type: "text", text }],
      request_id: text
    })
  )

const program = Effect.gen(function* () {
  yield* say("Where to?").pipe(Effect.provide(Layer.fresh(conversations)))
  const store = yield* EventStore
  yield* say("To Bern.")
  console.log("said again:", yield* say("To Bern."))
  for (const { seq, request_id } of yield* store.getEvents("trip")) console.log(seq, request_id)
  yield* store.removeConversation("trip")
})

await Effect.runPromise(Effect.provide(program, conversations))
// => said again: false
// => 1 Where to?
// => 2 To Bern.
