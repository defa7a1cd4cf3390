import { assert, describe, it } from "@effect/vitest"
import { connect, loginStatus, type ServerOptions } from "@signalbox/mcp"
import { authorize, authorizing, forgetLogin } from "@signalbox/mcp/login"
import { Effect, Redacted } from "effect"
import { readdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { echo, fxHttp, onNode, sseServer, verdict } from "../fixture.ts"
import { absent, agreeing, protectedServer, withAuth } from "./support.ts"

const connecting = (server: ServerOptions) => Effect.scoped(Effect.flip(connect(server)))

const echoes = (server: ServerOptions) =>
  Effect.scoped(
    Effect.flatMap(connect(server), (client) => Effect.map(client.callTool(echo), ({ isError }) => !isError))
  )

describe("logging in to a server", () => {
  it.live("without a login it fails at once, and says how to log in", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer()
        const error = yield* Effect.provide(connecting(server), store)
        assert.strictEqual(error._tag, "AuthorizationRequired")
        assert.include(error.hint, "signalbox servers login fx")
        assert.deepStrictEqual(outcomes("authorize"), [])
      })
    )
  )

  it.live("a login is found, agreed to, kept and used again", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store, tokens } = yield* protectedServer()
        const authorized = yield* Effect.provide(authorize(server, agreeing), store)
        assert.isTrue(authorized.isRenewable)
        assert.strictEqual(authorized.scope, "tools")
        // Each with a store of its own, as in two processes.
        assert.isTrue(yield* Effect.provide(echoes(server), store))
        assert.isTrue(yield* Effect.provide(echoes(server), store))
        assert.deepStrictEqual(outcomes("authorize"), ["tools"])
        assert.deepStrictEqual(outcomes("resource"), ["401"])
        const [file = ""] = yield* Effect.promise(() => readdir(tokens))
        assert.strictEqual((yield* Effect.promise(() => stat(tokens))).mode & 0o777, 0o700)
        assert.strictEqual((yield* Effect.promise(() => stat(join(tokens, file)))).mode & 0o777, 0o600)
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(tokens)), [file])
      })
    )
  )

  it.live("the transport before Streamable HTTP takes logins too", () =>
    onNode(
      Effect.gen(function* () {
        const { url } = yield* fxHttp({ oauth: true, legacySse: true, era: "2025" })
        const server = sseServer(url)
        const { store } = yield* protectedServer()
        yield* Effect.provide(authorize(server, agreeing), store)
        assert.isTrue(yield* Effect.provide(echoes(server), store))
      })
    )
  )

  it.live("it is forgotten when somebody logs out", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store, tokens } = yield* protectedServer()
        yield* Effect.gen(function* () {
          assert.isUndefined(yield* loginStatus(server))
          yield* authorize(server, agreeing)
          assert.strictEqual((yield* loginStatus(server))?.isRenewable, true)
          assert.deepStrictEqual(yield* forgetLogin(server), { wasLoggedIn: true, isRevoked: true })
          assert.deepStrictEqual(outcomes("revoke"), ["refresh_token"])
          assert.deepStrictEqual(yield* forgetLogin(server), { wasLoggedIn: false, isRevoked: false })
          assert.deepStrictEqual(yield* Effect.promise(() => readdir(tokens)), [])
          assert.strictEqual((yield* connecting(server))._tag, "AuthorizationRequired")
        }).pipe(Effect.provide(store))
      })
    )
  )

  it.live("a redirect from another issuer is not believed, and its code not redeemed", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer({ wrongIss: true })
        const error = yield* Effect.flip(Effect.provide(authorize(server, agreeing), store))
        assert.deepInclude(error, { _tag: "AuthorizationFailed", step: "Answer" })
        assert.deepStrictEqual(outcomes("authorization_code"), [])
      })
    )
  )

  it.live("an answer that belongs to another login is not believed", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer()
        const forged = Effect.succeed(new URLSearchParams({ code: "stolen", state: "another" }))
        const error = yield* Effect.flip(Effect.provide(authorize(server, { ...agreeing, ask: () => forged }), store))
        assert.deepInclude(error, { _tag: "AuthorizationFailed", step: "Answer" })
        assert.deepStrictEqual(outcomes("authorization_code"), [])
      })
    )
  )

  it.live("a person may decline", () =>
    onNode(
      Effect.gen(function* () {
        const { server, store } = yield* protectedServer({ denyLogin: true })
        const error = yield* Effect.flip(Effect.provide(authorize(server, agreeing), store))
        assert.deepInclude(error, { step: "Consent", oauthError: "access_denied" })
      })
    )
  )

  it.live("where nobody is registered, a configured client logs in", () =>
    onNode(
      Effect.gen(function* () {
        const { server, store } = yield* protectedServer({ noRegistration: true })
        const client = withAuth(server, { clientId: "fx-client", clientSecret: Redacted.make("fx-client-secret") })
        yield* Effect.gen(function* () {
          const error = yield* Effect.flip(authorize(server, absent))
          assert.deepInclude(error, { step: "Registration" })
          assert.include(error.hint, "auth.clientId")
          yield* authorize(client, agreeing)
          assert.isTrue(yield* echoes(client))
        }).pipe(Effect.provide(store))
      })
    )
  )

  it.live("a server without OAuth says so", () =>
    onNode(
      Effect.gen(function* () {
        const { store } = yield* protectedServer()
        const { url } = yield* fxHttp()
        const error = yield* Effect.flip(Effect.provide(authorize(sseServer(url), absent), store))
        assert.deepInclude(error, { step: "Discovery" })
      })
    )
  )

  it.live("a program with a person at hand logs in when it must", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer({ scopedTool: "add" })
        yield* Effect.gen(function* () {
          const loggedIn = authorizing(server, agreeing)
          const client = yield* loggedIn(connect(server))
          yield* loggedIn(client.callTool({ name: "add", input: { a: 1, b: 2 } }))
        }).pipe(Effect.scoped, Effect.provide(store))
        assert.deepStrictEqual(outcomes("authorize"), ["tools", "tools tools:add"])
      })
    )
  )

  it.live("what a tool wants beyond the login is asked for at the next login", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server, store } = yield* protectedServer({ scopedTool: "add" })
        yield* Effect.gen(function* () {
          yield* authorize(server, agreeing)
          const client = yield* connect(server)
          const add = client.callTool({ name: "add", input: { a: 1, b: 2 } })
          const error = yield* Effect.flip(add)
          assert.deepInclude(error, { _tag: "AuthorizationRequired", denial: "ScopeMissing" })
          assert.include(error.message, "tools:add")
          yield* authorize(server, agreeing)
          assert.isFalse((yield* add).isError)
        }).pipe(Effect.scoped, Effect.provide(store))
        assert.deepStrictEqual(outcomes("authorize"), ["tools", "tools tools:add"])
      })
    )
  )
})

describe("credentials of the configuration", () => {
  it.live("a client logs in by itself, and again when its token has ended", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, outcomes, server } = yield* protectedServer({ scopedTool: "add" })
        const machine = withAuth(server, {
          grant: "client_credentials",
          clientId: "fx-client",
          clientSecret: Redacted.make("fx-client-secret")
        })
        const client = yield* connect(machine)
        assert.isFalse((yield* client.callTool(echo)).isError)
        yield* expire
        assert.isFalse((yield* client.callTool(echo)).isError)
        assert.isFalse((yield* client.callTool({ name: "add", input: { a: 1, b: 2 } })).isError)
        assert.deepStrictEqual(
          outcomes("client_credentials").filter((outcome) => outcome !== "asked"),
          ["granted", "granted", "granted"]
        )
      }).pipe(Effect.scoped)
    )
  )

  it.live("a workload logs in by what its platform has written, and reads it again each time", () =>
    onNode(
      Effect.gen(function* () {
        const { expire, folder, server } = yield* protectedServer()
        const assertionFile = folder.file("assertion")
        const workload = withAuth(server, {
          grant: "jwt_bearer",
          clientId: "fx-client",
          clientSecret: Redacted.make("fx-client-secret"),
          assertionFile
        })
        const missing = yield* connecting(workload)
        assert.deepInclude(missing, { _tag: "AuthorizationRequired", denial: "RenewalFailed" })
        assert.include(missing.message, assertionFile)
        yield* Effect.promise(() => writeFile(assertionFile, "fx-assertion\n"))
        const client = yield* connect(workload)
        assert.isFalse((yield* client.callTool(echo)).isError)
        yield* Effect.promise(() => writeFile(assertionFile, "another-canary"))
        yield* expire
        const refused = yield* Effect.flip(client.callTool(echo))
        assert.deepInclude(refused, { _tag: "AuthorizationRequired", denial: "ClientRefused" })
        assert.notInclude(JSON.stringify(refused), "canary")
      }).pipe(Effect.scoped)
    )
  )

  it.live("a wrong secret is told as such, and not repeated", () =>
    onNode(
      Effect.gen(function* () {
        const { server } = yield* protectedServer()
        const error = yield* connecting(
          withAuth(server, {
            grant: "client_credentials",
            clientId: "fx-client",
            clientSecret: Redacted.make("canary-of-a-secret")
          })
        )
        assert.deepInclude(error, { _tag: "AuthorizationRequired", denial: "ClientRefused" })
        assert.notInclude(JSON.stringify(error), "canary")
      })
    )
  )

  it.live("a secret is not shown to another issuer than its own", () =>
    onNode(
      Effect.gen(function* () {
        const { outcomes, server } = yield* protectedServer()
        const error = yield* connecting(
          withAuth(server, { grant: "client_credentials", clientId: "fx-client", issuer: "https://login.example" })
        )
        assert.deepInclude(error, { _tag: "AuthorizationRequired", denial: "ClientRefused" })
        assert.deepStrictEqual(outcomes("client_credentials"), [])
      })
    )
  )

  it.live("an Authorization header of the configuration turns logins off", () =>
    onNode(
      Effect.gen(function* () {
        const { server, store, url } = yield* protectedServer()
        const headers = { Authorization: "Bearer mine" }
        const own: ServerOptions = { ...server, endpoint: { transport: "http", url, headers } }
        yield* Effect.gen(function* () {
          yield* authorize(server, agreeing)
          const error = yield* connecting(own)
          assert.deepInclude(error, { _tag: "AuthorizationRequired", denial: "HeaderRefused" })
          assert.strictEqual(yield* verdict(echoes(withAuth(server, "none"))), "SERVER_AUTHORIZATION_REQUIRED")
          assert.isTrue(yield* echoes(server))
        }).pipe(Effect.provide(store))
      })
    )
  )
})
