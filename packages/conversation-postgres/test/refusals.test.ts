import { EventStore } from "@signalbox/conversation"
import { userSays } from "@signalbox/conversation/testing"
import { checkPostgres, layerPostgres, makePostgresStores } from "@signalbox/conversation-postgres"
import { statusOf } from "@signalbox/errors"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted } from "effect"
import { createServer } from "node:net"
import { optionsFor } from "./options.ts"
import { describeDatabase, emptySchema, run, serverUrl, storeIn } from "./support.ts"

/** What adding a record fails with. */
const failureOf = (url: string) =>
  EventStore.use((store) => Effect.flip(store.addEvent("c", userSays("a")))).pipe(Effect.provide(storeIn(url)))

const changed = (change: (url: URL) => void): string => {
  const url = new URL(serverUrl)
  change(url)
  return url.href
}

describe("a store in PostgreSQL", () => {
  it.live("says at once that an address is none, without the address", () =>
    Effect.gen(function* () {
      for (const url of ["localhost:5432/db", "mysql://u:sk-canary-word@h/db", ""]) {
        const exit = yield* Effect.exit(Effect.provide(EventStore, layerPostgres(optionsFor(url))))
        const error = yield* Effect.flip(exit)
        assert.strictEqual(error._tag, "DatabaseRefused")
        assert.strictEqual(statusOf(error).exit, 78)
        assert.notInclude(JSON.stringify([error.message, error.hint]), "canary")
      }
    })
  )

  it.live("says that nobody is there, and that it may be worth another try", () =>
    Effect.gen(function* () {
      const port = yield* Effect.callback<number>((resume) => {
        const server = createServer().listen(0, "127.0.0.1", () => {
          const address = server.address()
          server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
        })
      })
      const error = yield* failureOf(`postgres://u:sk-canary-word@127.0.0.1:${port}/db`)
      assert.strictEqual(error._tag, "DatabaseUnreachable")
      assert.include(error.message, `127.0.0.1:${port}/db`)
      assert.include(error.message, "ECONNREFUSED")
      assert.notInclude(error.message, "canary")
      assert.isTrue(error.retryable)
      assert.strictEqual(statusOf(error).exit, 69)
    })
  )
})

describeDatabase("a store in PostgreSQL that is refused", () => {
  it.live("says what is wrong: the login, the database, the rights", () =>
    Effect.gen(function* () {
      const wrong = yield* failureOf(changed((url) => (url.password = "sk-canary-wrong")))
      assert.deepInclude({ ...wrong }, { _tag: "DatabaseRefused", what: "login" })
      assert.notInclude(wrong.message, "canary")
      assert.strictEqual(statusOf(wrong).exit, 78)

      const missing = yield* failureOf(changed((url) => (url.pathname = "/nowhere")))
      assert.deepInclude({ ...missing }, { _tag: "DatabaseRefused", what: "database" })
      assert.include(missing.message, `"nowhere" does not exist`)

      yield* run(serverUrl, "CREATE USER poor PASSWORD 'poor'")
      const poor = changed((url) => {
        url.username = "poor"
        url.password = "poor"
      })
      const forbidden = yield* failureOf(poor)
      assert.deepInclude({ ...forbidden }, { _tag: "DatabaseRefused", what: "permission" })
      const check = yield* Effect.flip(checkPostgres({ url: Redacted.make(poor) }))
      assert.deepInclude({ ...check }, { _tag: "DatabaseRefused", what: "permission" })
    })
  )

  it.live("needs no right to make tables that are there", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const schema = new URL(url).searchParams.get("options")?.split("=")[1] ?? ""
      yield* Effect.provide(
        EventStore.use((store) => store.addEvent("c", userSays("a"))),
        storeIn(url)
      )
      yield* run(
        url,
        "CREATE USER modest PASSWORD 'modest'",
        `GRANT USAGE ON SCHEMA ${schema} TO modest`,
        `GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO modest`,
        `GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO modest`
      )
      const own = new URL(url)
      own.username = "modest"
      own.password = "modest"
      const isNew = yield* EventStore.use((store) => store.addEvent("d", userSays("a"))).pipe(
        Effect.provide(storeIn(own.href))
      )
      assert.isTrue(isNew)
    })
  )

  it.live("leaves tables alone that a newer version has changed", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const before = yield* checkPostgres({ url: Redacted.make(url) })
      assert.isFalse(before.hasTables)
      assert.match(before.server, /^\d+/)
      yield* Effect.provide(
        EventStore.use((store) => store.listConversations),
        storeIn(url)
      )
      assert.isTrue((yield* checkPostgres({ url: Redacted.make(url) })).hasTables)
      yield* run(url, "INSERT INTO signalbox_migrations (version) VALUES (99)")
      assert.deepInclude({ ...(yield* failureOf(url)) }, { _tag: "DatabaseRefused", what: "version" })
    })
  )

  it.live("leaves out a record that is none, or refuses the conversation where it is strict", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const add = EventStore.use((store) => store.addEvents("c", [userSays("a"), userSays("b")]))
      yield* Effect.provide(add, storeIn(url))
      yield* run(url, "UPDATE signalbox_events SET record = '{' WHERE seq = 2")
      const more = EventStore.use((store) => Effect.andThen(store.addEvent("c", userSays("c")), store.getEvents("c")))
      const events = yield* Effect.provide(more, storeIn(url))
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        [1, 3]
      )
      const error = yield* Effect.flip(Effect.provide(more, storeIn(url, { strict: true })))
      assert.strictEqual(error._tag, "HistoryCorrupt")
      assert.strictEqual(statusOf(error).exit, 65)
    })
  )
})

describeDatabase("long results in PostgreSQL", () => {
  const stores = Effect.flatMap(emptySchema, (url) =>
    Effect.map(makePostgresStores(optionsFor(url)), (made) => ({ ...made, url }))
  )

  it.live("are read by their owner alone, in every process", () =>
    Effect.gen(function* () {
      const { results, url } = yield* stores
      const text = `a\u0000b ü ${"x".repeat(100_000)}`
      const id = yield* results.keep("Trip 1", text)
      assert.strictEqual(yield* results.read("Trip 1", id), text)
      assert.isUndefined(yield* results.read("other", id))
      for (const odd of ["", "r_", "../r_1", `${id}'`]) assert.isUndefined(yield* results.read("Trip 1", odd))
      const other = yield* makePostgresStores(optionsFor(url))
      assert.strictEqual(yield* other.results.read("Trip 1", id), text)
    })
  )

  it.live("go with their conversation, with an owner that is forgotten, and after a day without one", () =>
    Effect.gen(function* () {
      const { results, store, url } = yield* stores
      yield* store.addEvent("c", userSays("a"))
      const [kept, left, young] = yield* Effect.forEach(["c", "left", "young"], (owner) => results.keep(owner, "long"))
      const passing = yield* results.keep("passing", "long")
      yield* results.forget("passing")
      assert.isUndefined(yield* results.read("passing", passing))
      yield* run(url, "UPDATE signalbox_results SET created_at = now() - interval '25 hours' WHERE owner <> 'young'")
      const other = yield* makePostgresStores(optionsFor(url))
      yield* other.results.keep("new", "long")
      assert.isUndefined(yield* results.read("left", left ?? ""))
      assert.strictEqual(yield* results.read("young", young ?? ""), "long")
      assert.strictEqual(yield* results.read("c", kept ?? ""), "long")
      yield* store.removeConversation("c")
      assert.isUndefined(yield* results.read("c", kept ?? ""))
    })
  )

  it.live("are kept although the connection was lost", () =>
    Effect.gen(function* () {
      const { results, url } = yield* stores
      const id = yield* results.keep("c", "long")
      yield* run(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'signalbox'")
      const exit = yield* Effect.exit(results.keep("c", "longer"))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(yield* results.read("c", id), "long")
    })
  )
})
