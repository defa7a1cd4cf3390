import { EventStore } from "@signalbox/conversation"
import { childrenOf } from "@signalbox/tooling/children"
import { startPostgres } from "@signalbox/tooling/postgres"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { describeDatabase, emptySchema, storeIn } from "./support.ts"

const child = childrenOf(join(import.meta.dirname, "child.ts"))

/** Programs that start from their sources on a shared machine take their time. */
const limit = 240_000

const seqs = (to: number) => Array.from({ length: to }, (_, index) => index + 1)

const eventsIn = (url: string) =>
  Effect.provide(
    EventStore.use((store) => store.getEvents("c")),
    storeIn(url)
  )

/** All that was acknowledged is there, nothing twice, and no place is free. */
const assertWhole = Effect.fnUntraced(function* (url: string, acknowledged: ReadonlyArray<string>) {
  const events = yield* eventsIn(url)
  const kept = new Set(events.map(({ request_id }) => request_id))
  assert.deepStrictEqual(
    acknowledged.filter((line) => !line.startsWith("saw ") && !kept.has(line)),
    []
  )
  assert.strictEqual(kept.size, events.length)
  assert.deepStrictEqual(
    events.map(({ seq }) => seq),
    seqs(events.length)
  )
  return events.length
})

describeDatabase("processes that share a conversation", () => {
  it.live(
    "get each number once, and see all in the end",
    () =>
      Effect.gen(function* () {
        const url = yield* emptySchema
        const children = yield* Effect.forEach(["a", "b", "c", "d"], (prefix) =>
          child("append", url, "c", prefix, "250")
        )
        yield* Effect.forEach(children, ({ said }) => said(/^saw /), { concurrency: "unbounded" })
        assert.isTrue(children.some(({ lines }) => lines.includes("saw 1000")))
        const all = children.flatMap(({ lines }) => lines)
        assert.strictEqual(yield* assertWhole(url, all), 1000)
      }),
    limit
  )

  it.live(
    "have all that was acknowledged by those that were killed",
    () =>
      Effect.gen(function* () {
        const url = yield* emptySchema
        const acknowledged: Array<string> = []
        for (let round = 0; round < 3; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { ended, lines, process, said } = yield* child("append", url, "c", `${round}`, "100000")
              yield* said(`${round}-${10 + round * 20}`)
              process.kill("SIGKILL")
              yield* ended
              acknowledged.push(...lines)
            })
          )
        }
        assert.isAbove(yield* assertWhole(url, acknowledged), 60)
      }),
    limit
  )

  it.live(
    "begin a turn when its holder is killed",
    () =>
      Effect.gen(function* () {
        const url = yield* emptySchema
        const holder = yield* child("hold", url, "c")
        yield* holder.said("held")
        const next = yield* child("hold", url, "c")
        yield* EventStore.use((store) => Effect.flip(Effect.scoped(store.lockTurn("c", "20 millis")))).pipe(
          Effect.provide(storeIn(url))
        )
        assert.deepStrictEqual(next.lines, [])
        holder.process.kill("SIGKILL")
        yield* next.said("held")
      }),
    limit
  )

  it.live(
    "go on when the server is started again, in good order or after a crash",
    () =>
      Effect.gen(function* () {
        const server = yield* Effect.acquireRelease(
          Effect.promise(async () => {
            const started = await startPostgres()
            if ("missing" in started) throw new Error(started.missing)
            return started
          }),
          ({ close }) => Effect.promise(close)
        )
        const url = yield* Effect.promise(server.createDatabase)
        const children = yield* Effect.forEach(["a", "b"], (prefix) => child("append", url, "c", prefix, "100000"))
        for (const [index, signal] of (["INT", "QUIT"] as const).entries()) {
          yield* Effect.forEach(children, ({ lines, said }) => {
            const next = lines.length + 20 * (index + 1)
            return said(new RegExp(`-${next}$`))
          })
          yield* Effect.promise(() => server.restart(signal))
        }
        yield* Effect.forEach(children, ({ lines, said }) => said(new RegExp(`-${lines.length + 5}$`)))
        for (const { process } of children) process.kill("SIGKILL")
        yield* Effect.forEach(children, ({ ended }) => ended)
        yield* assertWhole(
          url,
          children.flatMap(({ lines }) => lines)
        )
      }),
    limit
  )
})
