import { assert, describe, it } from "@effect/vitest"
import { EventStore, type NewEvent } from "@signalbox/conversation"
import { userSays } from "@signalbox/conversation/testing"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import { appendFile, readFile } from "node:fs/promises"
import { join } from "node:path"
import { folder, storeIn } from "./node.ts"

const backToTheBeginning: NewEvent = { type: "meta", role: "system", kind: "rewind", data: {} }

const Step = Schema.Struct({
  by: Schema.Literals(["own", "other", "broken", "misplaced", "noise", "again", "rewind"]),
  request: Schema.Literals(["a", "b"])
})
type Step = typeof Step.Type

/** It is no record, but says which one it is. */
const brokenLine = (place: number, request: string) =>
  JSON.stringify({
    schema_version: 2,
    seq: place,
    id: `broken-${place}`,
    conversation_id: "c",
    type: "user_message",
    role: "user",
    content: 5,
    request_id: request,
    timestamp: "2026-11-27T10:00:00.000Z"
  })

/** Where no record is, or none may come after it. */
const places = [1.5, 0, 1e300, 2 ** 53, Number.MAX_SAFE_INTEGER, 1000]

/** What something else writes to the file. */
const lineOf = (by: Step["by"], request: string, lines: ReadonlyArray<string>): string | undefined => {
  const misplaced = places[lines.length % places.length] ?? 0
  const written: Partial<Record<Step["by"], string | undefined>> = {
    broken: brokenLine(lines.length + 1, request),
    misplaced: brokenLine(misplaced, request),
    noise: `{"bad": ${lines.length}`,
    again: lines.at(-1)
  }
  return written[by]
}

/** What two stores make of one file to which something else writes as well, each reading it before every step, or at the end. */
const outcomeOf = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, reads: "always" | "atTheEnd") {
  const path = yield* folder
  const file = join(path, "c.jsonl")
  const store = Effect.map(Layer.build(storeIn(path, { durability: "flush" })), Context.get(EventStore))
  const own = yield* store
  const other = yield* store
  const content = Effect.promise(() => readFile(file, "utf8").catch(() => ""))
  const write = (line: string) => Effect.promise(() => appendFile(file, `${line}\n`))
  const answers: Array<unknown> = []
  for (const { by, request } of steps) {
    if (reads === "always") yield* Effect.all([own.getEvents("c"), other.getEvents("c")])
    const lines = (yield* content).trim().split("\n")
    if (by === "own") answers.push(yield* own.addEvent("c", userSays("own", request)))
    if (by === "other") answers.push(yield* other.addEvent("c", userSays("other", request)))
    if (by === "rewind") yield* other.addEvent("c", backToTheBeginning)
    const written = lineOf(by, request, lines)
    if (written !== undefined) yield* write(written)
  }
  const all = yield* own.getEvents("c", { include: "all" })
  const numbers = all.map(({ seq }) => seq)
  assert.deepStrictEqual(
    numbers,
    numbers.toSorted((one, another) => one - another)
  )
  const rejected = yield* Effect.promise(() => readFile(`${file}.rejected`, "utf8").catch(() => ""))
  return { answers, events: all.map(({ request_id, type }) => `${type} ${request_id}`), rejected }
}, Effect.scoped)

describe("lines that nobody has asked for", () => {
  it.live("are there once, also when their reader was stopped in the middle", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const older = { type: "user_message", role: "user", content: "hi", timestamp: "2025-01-01T10:00:00Z" }
      const count = 20_000
      const write = (lines: number) =>
        Effect.promise(() => appendFile(join(path, "c.jsonl"), `${JSON.stringify(older)}\n`.repeat(lines)))
      const store = Context.get(yield* Layer.build(storeIn(path)), EventStore)
      yield* write(1)
      assert.lengthOf(yield* store.getEvents("c"), 1)
      yield* write(count)
      for (const millis of [2, 5, 10, 15, 20, 30, 40, 60])
        yield* Effect.ignore(Effect.timeout(store.getEvents("c"), Duration.millis(millis)))
      assert.lengthOf(yield* store.getEvents("c"), count + 1)
    })
  )

  it.effect.prop(
    "are in the end what they would have been at once: for who reads, and for who adds the same or goes back",
    [Schema.Array(Step).check(Schema.isMinLength(4), Schema.isMaxLength(10))],
    ([steps]) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* outcomeOf(steps, "atTheEnd"), yield* outcomeOf(steps, "always"))
      }),
    { timeout: 60_000, arbitrary: { runs: 200 } }
  )
})
