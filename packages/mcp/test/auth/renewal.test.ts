import { assert, describe, it } from "@effect/vitest"
import { connect, type McpClient, type ServerOptions, TokenStore } from "@signalbox/mcp"
import { authorize } from "@signalbox/mcp/login"
import { toJson } from "@signalbox/errors"
import { Clock, Duration, Effect, Fiber, Logger, Redacted, References } from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdir, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { echo, eventually, onNode } from "../fixture.ts"
import { agreeing, protectedServer } from "./support.ts"

const loggedIn = (server: ServerOptions) => Effect.andThen(authorize(server, agreeing), connect(server))

const together = (client: McpClient, count: number) =>
  Effect.all(
    Array.from({ length: count }, () => client.callTool(echo)),
    { concurrency: "unbounded" }
  )

/** One more process with the login; `call` answers how many of its five calls succeeded. */
const otherProcess = (url: string, tokens: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "callTogether.ts"), url, tokens], {
        stdio: ["pipe", "pipe", "inherit"]
      })
      child.stdout.setEncoding("utf8")
      await once(child.stdout, "data")
      const call = async () => {
        child.stdin.write("go\n")
        return Number(String(await once(child.stdout, "data")))
      }
      return { child, call }
    }),
    ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
  )

describe("renewing a login", () => {
  it.live("ten calls whose token has ended renew it once, and each runs once", () =>
    onNode(
      Effect.gen(function* () {
        const { calls, expire, outcomes, server, store } = yield* protectedServer({ refreshDelay: 100 })
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          yield* expire
          const results = yield* together(client, 10)
          assert.isTrue(results.every(({ isError }) => !isError))
        }).pipe(Effect.scoped, Effect.provide(store))
        assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
        assert.strictEqual(calls(), 10)
      })
    )
  )

  it.live("two processes whose token has ended renew it once between them", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, outcomes, server, store, tokens, url } = yield* protectedServer({ refreshDelay: 300 })
        yield* Effect.provide(authorize(server, agreeing), store)
        const processes = yield* Effect.all([otherProcess(url, tokens), otherProcess(url, tokens)], {
          concurrency: "unbounded"
        })
        yield* expire
        const answered = yield* Effect.promise(() => Promise.all(processes.map(({ call }) => call())))
        assert.deepStrictEqual(answered, [5, 5])
        assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect("a token is renewed before it ends", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer()
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          yield* TestClock.adjust("58 minutes")
          yield* client.callTool(echo)
          assert.deepStrictEqual(outcomes("refresh_token"), [])
          yield* TestClock.adjust("90 seconds")
          yield* together(client, 5)
          yield* eventually("the renewal to be over", () => outcomes("refresh_token").length === 2)
          yield* together(client, 5)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
          // The only refusal was the question how to log in.
          assert.deepStrictEqual(outcomes("resource"), ["401"])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.effect("one that cannot be renewed yet is used to its end", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer({ refuseRefresh: true })
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          yield* TestClock.adjust("3570 seconds")
          yield* client.callTool(echo)
          yield* eventually("the renewal to be refused", () => outcomes("refresh_token").length === 2)
          yield* client.callTool(echo)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "invalid_grant"])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.live("nobody waits for a slow renewal while the token still lives", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store, url } = yield* protectedServer({ refreshDelay: 120_000 })
        yield* Effect.gen(function* () {
          yield* authorize(server, agreeing)
          const { read, write } = yield* TokenStore
          const key = { serverName: "fx", url, principal: "" }
          const [login] = yield* read(key)
          if (login?.tokens === undefined) return assert.fail("there is no login")
          const now = yield* Clock.currentTimeMillis
          const tokens = { ...login.tokens, obtainedAt: now - 3_600_000, expiresAt: now + 30_000 }
          yield* write(key, { ...login, tokens })
          const client = yield* connect({ ...server, shutdownTimeout: Duration.millis(100) })
          yield* eventually("the renewal to begin", () => outcomes("refresh_token").length > 0)
          assert.isFalse((yield* client.callTool(echo)).isError)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked"])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.effect("a token that has ended by the clock is renewed before it is refused", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer()
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          yield* TestClock.adjust("2 hours")
          yield* together(client, 3)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
          assert.deepStrictEqual(outcomes("resource"), ["401"])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.live("when it is refused, the login is over until somebody logs in again", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, outcomes, server, store } = yield* protectedServer({ refuseRefresh: true })
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          yield* expire
          const errors = yield* Effect.all(
            [1, 2, 3].map(() => Effect.flip(client.callTool(echo))),
            {
              concurrency: "unbounded"
            }
          )
          for (const error of errors)
            assert.deepInclude(error, { _tag: "AuthorizationRequired", denial: "LoginRefused" })
          yield* Effect.flip(client.callTool(echo))
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "invalid_grant"])
          // As another process would: this connection finds the new login by itself.
          yield* Effect.provide(authorize(server, agreeing), store)
          assert.isFalse((yield* client.callTool(echo)).isError)
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.live("whose renewal is refused takes the login that another has got meanwhile, and does not wipe it", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store, url } = yield* protectedServer({ refuseRefresh: true, refreshDelay: 400 })
        yield* Effect.gen(function* () {
          const files = yield* TokenStore
          const key = { serverName: "fx", url, principal: "" }
          yield* authorize(server, agreeing)
          const [good] = yield* files.read(key)
          assert.isDefined(good?.tokens)
          if (good?.tokens === undefined) return
          yield* files.write(key, { ...good, tokens: { ...good.tokens, access: Redacted.make("stale") } })
          // Without the lock, as if it had been broken.
          const unlocked = Effect.provideService(connect(server), TokenStore, {
            ...files,
            exclusive: () => (run) => run
          })
          const connecting = yield* Effect.forkScoped(unlocked)
          yield* eventually("the renewal to begin", () => outcomes("refresh_token").length > 0)
          yield* files.write(key, good)
          yield* Fiber.join(connecting)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "invalid_grant"])
          assert.deepStrictEqual(yield* files.read(key), [good])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.live("the lock of a process that was killed does not hold for long", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, outcomes, server, store, tokens } = yield* protectedServer()
        yield* Effect.gen(function* () {
          const client = yield* loggedIn(server)
          const [file = ""] = yield* Effect.promise(() => readdir(tokens))
          const lock = join(tokens, `${file}.lock`)
          yield* Effect.promise(() => writeFile(lock, "killed"))
          yield* Effect.promise(() => utimes(lock, 0, 0))
          yield* expire
          assert.isFalse((yield* client.callTool(echo)).isError)
          assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
          assert.deepStrictEqual(yield* Effect.promise(() => readdir(tokens)), [file])
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )

  it.live("a renewal outlives the connection that began it", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, outcomes, server, store } = yield* protectedServer({ refreshDelay: 500 })
        yield* Effect.gen(function* () {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const client = yield* loggedIn(server)
              yield* expire
              yield* Effect.forkScoped(client.callTool(echo))
              yield* eventually("the renewal to begin", () => outcomes("refresh_token").length > 0)
            })
          )
          const client = yield* connect(server)
          assert.isFalse((yield* client.callTool(echo)).isError)
        }).pipe(Effect.scoped, Effect.provide(store))
        assert.deepStrictEqual(outcomes("refresh_token"), ["asked", "granted"])
      })
    )
  )
})

describe("the secrets of a login", () => {
  it.live("none reaches logs, errors or what is shown", () =>
    onNode(
      Effect.gen(function* () {
        const told: Array<unknown> = []
        const everything = Logger.layer([Logger.make(({ cause, message }) => void told.push(message, String(cause)))])
        const { expire, server, store } = yield* protectedServer({ refuseRefresh: true, scopedTool: "add" })
        yield* Effect.gen(function* () {
          told.push(yield* authorize(server, agreeing))
          const client = yield* connect(server)
          told.push(yield* Effect.flip(client.callTool({ name: "add", input: { a: 1, b: 2 } })))
          yield* expire
          told.push(yield* Effect.flip(client.callTool(echo)))
          told.push(yield* Effect.flip(connect(server)))
        }).pipe(
          Effect.scoped,
          Effect.provide([store, everything]),
          Effect.provideService(References.MinimumLogLevel, "All")
        )
        const texts = told.flatMap((value) => [
          String(value),
          JSON.stringify(value) ?? "",
          JSON.stringify(toJson(value))
        ])
        assert.isAbove(texts.length, 10)
        for (const secret of ["fx-access-", "fx-refresh-", "fx-code-"]) assert.notInclude(texts.join("\n"), secret)
      })
    )
  )

  it.live("a file that makes no sense is told with its name and is left alone", () =>
    onNode(
      Effect.gen(function* () {
        const { server, store, tokens } = yield* protectedServer()
        yield* Effect.gen(function* () {
          yield* authorize(server, agreeing)
          const [name = ""] = yield* Effect.promise(() => readdir(tokens))
          const file = join(tokens, name)
          yield* Effect.promise(() => writeFile(file, '{"version":1,"logins":[{"tokens":"fx-access-canary"'))
          const error = yield* Effect.flip(connect(server))
          assert.deepInclude(error, { _tag: "TokenStoreUnusable", code: "TOKEN_STORE_UNUSABLE", file, isCorrupt: true })
          assert.include(error.message, file)
          assert.include(error.hint, `Delete the file ${file}`)
          assert.notInclude(JSON.stringify(toJson(error)), "canary")
        }).pipe(Effect.scoped, Effect.provide(store))
      })
    )
  )
})
