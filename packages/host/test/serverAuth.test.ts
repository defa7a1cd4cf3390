import { assert, layer } from "@effect/vitest"
import { managedServers } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Equal, Redacted } from "effect"
import { load, problemsOf } from "./support.ts"

const withAuth = (auth: string, headers = "{}") => `extends: preset:default@1
servers:
  tracker:
    enabled: true
    transport: http
    url: https://mcp.example.com/mcp
    headers: ${headers}
    auth: ${auth}
`

const serversOf = (auth: string, environment: Record<string, string> = {}) =>
  Effect.flatMap(load(withAuth(auth)), (config) => managedServers(config, environment))

const authOf = Effect.fnUntraced(function* (auth: string, environment: Record<string, string> = {}) {
  const [managed] = yield* serversOf(auth, environment)
  const endpoint = managed?.server.endpoint
  return endpoint !== undefined && "url" in endpoint ? endpoint.auth : undefined
})

layer(NodeServices.layer)("the login of a server in the configuration", (it) => {
  it.effect("may be left out, turned off, or described", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* authOf("none"), "none")
      assert.deepStrictEqual(yield* authOf("{}"), {})
      assert.deepStrictEqual(
        yield* authOf("{ clientId: mine, scopes: [read], redirectPort: 8765, issuer: https://login.example.com }"),
        { clientId: "mine", scopes: ["read"], redirectPort: 8765, issuer: "https://login.example.com" }
      )
    })
  )

  it.effect("keeps its secrets, and says which variable is missing", () =>
    Effect.gen(function* () {
      const text = "{ grant: client_credentials, clientId: env:ID, clientSecret: env:SECRET }"
      const auth = yield* authOf(text, { ID: "mine", SECRET: "canary" })
      assert.isTrue(auth !== "none" && Redacted.isRedacted(auth?.clientSecret))
      assert.strictEqual(auth === "none" ? undefined : auth?.clientId, "mine")
      assert.notInclude(JSON.stringify(auth), "canary")
      const [server] = yield* serversOf(text, { ID: "mine" })
      assert.deepStrictEqual(server?.lacks, [
        "signalbox.yaml:8 servers.tracker.auth.clientSecret: the environment variable SECRET is not set"
      ])
    })
  )

  it.effect("is the same one when it is read again", () =>
    Effect.gen(function* () {
      const text = "{ clientId: a, clientSecret: env:SECRET }"
      const read = (SECRET: string) => authOf(text, { SECRET })
      assert.isTrue(Equal.equals(yield* read("one"), yield* read("one")))
      assert.isFalse(Equal.equals(yield* read("one"), yield* read("two")))
    })
  )

  const wrong: ReadonlyArray<readonly [auth: string, path: string, says: string]> = [
    ["{ client: a }", "servers.tracker.auth.client", "unknown key"],
    ["{ grant: password }", "servers.tracker.auth.grant", "authorization_code"],
    ["{ redirectPort: 0 }", "servers.tracker.auth.redirectPort", "between 1 and 65535"],
    ["{ clientMetadataUrl: http://x.example/c.json }", "servers.tracker.auth.clientMetadataUrl", "https://"],
    ["{ grant: client_credentials }", "servers.tracker.auth.clientId", "id of the client"],
    ["{ grant: client_credentials, clientId: a }", "servers.tracker.auth.clientSecret", "secret of the client"],
    ["{ grant: jwt_bearer }", "servers.tracker.auth.assertionFile", "platform"],
    ["maybe", "servers.tracker.auth", "none"]
  ]
  for (const [auth, path, says] of wrong) {
    it.effect(`is refused as ${auth}`, () =>
      Effect.gen(function* () {
        const problems = yield* problemsOf(withAuth(auth))
        assert.deepStrictEqual(
          problems.map((problem) => problem.path),
          [path]
        )
        assert.include(problems[0]?.message, says)
      })
    )
  }
})
