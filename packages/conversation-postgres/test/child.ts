/**
 * Another process for the tests: `append URL CONVERSATION PREFIX COUNT`, or `hold URL CONVERSATION`. It says on its standard
 * output what it has done.
 */
import { EventStore } from "@signalbox/conversation"
import { layerPostgres } from "@signalbox/conversation-postgres"
import { userSays } from "@signalbox/conversation/testing"
import { Effect } from "effect"
import { optionsFor } from "./options.ts"

const [verb, url = "", conversation = "", prefix = "", count = "0"] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

const append = Effect.gen(function* () {
  const store = yield* EventStore
  for (let n = 0; n < Number(count); n++) {
    yield* store.addEvent(conversation, userSays(`${prefix}-${n}`, `${prefix}-${n}`))
    say(`${prefix}-${n}`)
  }
  say(`saw ${(yield* store.getEvents(conversation)).length}`)
})

const hold = Effect.gen(function* () {
  yield* (yield* EventStore).lockTurn(conversation, "1 minute")
  say("held")
  return yield* Effect.never
}).pipe(Effect.scoped)

await Effect.runPromise(Effect.provide(verb === "hold" ? hold : append, layerPostgres(optionsFor(url))))
process.exit(0)
