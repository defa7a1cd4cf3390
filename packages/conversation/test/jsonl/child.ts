/**
 * Another process for the tests of locks and files: `hold FOLDER`, `append FOLDER CONVERSATION PREFIX COUNT`, or
 * `turn FOLDER CONVERSATION`. It says on its standard output what it has done.
 */
import { EventStore } from "@signalbox/conversation"
import { FileLock } from "@signalbox/conversation/jsonl"
import { Effect } from "effect"
import { createInterface } from "node:readline"
import { join } from "node:path"
import { userSays } from "@signalbox/conversation/testing"
import { locks, storeIn } from "./node.ts"

const [verb, folder = "", conversation = "", prefix = "", count = "0"] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Holds the lock until a line comes. */
const hold = Effect.scoped(
  Effect.gen(function* () {
    yield* (yield* FileLock).acquire(join(folder, "file"))
    say("held")
    yield* Effect.callback<void>((resume) => {
      createInterface(process.stdin).once("line", () => resume(Effect.void))
    })
  })
).pipe(Effect.provide(locks))

const append = Effect.gen(function* () {
  const store = yield* EventStore
  for (let n = 0; n < Number(count); n++) {
    yield* store.addEvent(conversation, userSays(`${prefix}-${n}`, `${prefix}-${n}`))
    say(`${prefix}-${n}`)
  }
  say(`saw ${(yield* store.getEvents(conversation)).length}`)
}).pipe(Effect.provide(storeIn(folder)))

/** Begins a turn, and is in the middle of it until it is killed. */
const turn = Effect.scoped(
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.lockTurn(conversation, "1 minute")
    yield* store.addEvents(conversation, [
      userSays("and now?", "running"),
      {
        type: "meta",
        role: "system",
        kind: "turn_begun",
        data: { turn_id: "running/0" },
        request_id: "running",
        index: 0
      }
    ])
    say("begun")
    return yield* Effect.never
  })
).pipe(Effect.provide(storeIn(folder)))

await Effect.runPromise(verb === "hold" ? hold : verb === "turn" ? turn : append)
if (verb === "hold") say("released")
process.exit(0)
