import { assert, describe, it } from "@effect/vitest"
import { readChallenge, wantsMoreScope } from "../../src/auth/challenge.ts"
import { mayName } from "../../src/auth/metadataFetch.ts"

describe("a challenge", () => {
  const metadata = "https://mcp.example/.well-known/oauth-protected-resource"
  const cases: ReadonlyArray<
    readonly [header: string | undefined, scope: string | undefined, error: string | undefined]
  > = [
    [`Bearer resource_metadata="${metadata}", scope="read write"`, "read write", undefined],
    [`bearer scope=read, resource_metadata=${metadata}`, "read", undefined],
    [`Basic realm="x, y", Bearer error="invalid_token", resource_metadata="${metadata}"`, undefined, "invalid_token"],
    [`Bearer scope="a \\"b\\"",resource_metadata="${metadata}", DPoP scope="c"`, 'a "b"', undefined]
  ]
  for (const [header, scope, error] of cases) {
    it(`is read from ${header}`, () => {
      const read = readChallenge(header)
      assert.strictEqual(read.resourceMetadata?.href, metadata)
      assert.deepStrictEqual({ scope: read.scope, error: read.error }, { scope, error })
    })
  }

  for (const header of [
    undefined,
    "",
    'Basic realm="x"',
    'Digest scope="x"',
    'Bearer resource_metadata="no url"',
    "Bearer"
  ]) {
    it(`says nothing in ${header}`, () => {
      assert.deepStrictEqual(readChallenge(header), { resourceMetadata: undefined, scope: undefined, error: undefined })
    })
  }

  it("wants more scope only where it says so", () => {
    assert.isTrue(wantsMoreScope(403, 'Bearer error="insufficient_scope", scope="x"'))
    assert.isFalse(wantsMoreScope(403, undefined))
    assert.isFalse(wantsMoreScope(401, 'Bearer error="insufficient_scope"'))
  })
})

describe("an address that a server gives for its logins", () => {
  const cases: ReadonlyArray<readonly [server: string, url: string, may: boolean]> = [
    ["https://mcp.example/mcp", "https://login.example/token", true],
    ["https://mcp.example/mcp", "http://login.example/token", false],
    ["https://mcp.example/mcp", "http://127.0.0.1:8080/admin", false],
    ["https://mcp.example/mcp", "http://169.254.169.254/latest", false],
    ["https://mcp.example/mcp", "file:///etc/passwd", false],
    ["https://mcp.example/mcp", "javascript:alert(1)", false],
    ["http://10.0.0.5/mcp", "http://10.0.0.5/token", true],
    ["http://127.0.0.1:3000/mcp", "http://localhost:4000/token", true]
  ]
  for (const [server, url, may] of cases) {
    it(`${may ? "may" : "may not"} be ${url} where it is ${server}`, () => {
      assert.strictEqual(mayName(new URL(server), new URL(url)), may)
    })
  }
})
