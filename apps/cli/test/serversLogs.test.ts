import { assert, describe, it } from "@effect/vitest"
import { makePlace } from "./support.ts"

describe("servers logs", () => {
  it("shows the last lines that a server writes to standard error, also of one that does not start", async () => {
    await using place = await makePlace()
    const script = "for i in 1 2 3 4 5 6 7 8; do echo line $i >&2; done; exit 3"
    place.configure({
      servers: {
        dead: { enabled: true, transport: "stdio", command: "/bin/sh", args: ["-c", script], env: {} },
        fx: place.server({ tools: "echo", stderrText: "key sk-canary-0123456789" })
      }
    })
    const [dead, fx, unknown, many] = await Promise.all([
      place.run(["servers", "logs", "dead", "--tail", "5"]),
      place.run(["servers", "logs", "fx", "--json"]),
      place.run(["servers", "logs", "fy"]),
      place.run(["servers", "logs", "fx", "--tail", "0"])
    ])
    assert.strictEqual(dead.stdout, "line 4\nline 5\nline 6\nline 7\nline 8\n")
    assert.strictEqual(dead.code, 69, dead.stderr)
    assert.include(dead.stderr, "[SERVER_EXITED]")
    assert.strictEqual(fx.code, 0, fx.stdout)
    assert.deepStrictEqual(fx.json().data, { name: "fx", lines: ["key <redacted>"] })
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'Did you mean "fx"?')
    assert.strictEqual(many.code, 2)
    assert.deepStrictEqual(await place.servers(), [])
  })
})
