import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import { makePlace, type Place } from "./support.ts"

const shell = (place: Place, setup: string, script: string): string =>
  execFileSync("sh", ["-c", `eval "$0"; ${script}`, setup], {
    env: { PATH: `${place.path}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8"
  })

describe("what a shell reads for coding agents", () => {
  it("points Claude Code at the server", async () => {
    await using place = await makePlace()
    const { stdout } = await place.run(["claude-env", "--url", "http://127.0.0.1:4123/"])
    const said = shell(place, stdout, 'test -n "$ANTHROPIC_BASE_URL" && printenv ANTHROPIC_BASE_URL ANTHROPIC_API_KEY')
    assert.strictEqual(said, "http://127.0.0.1:4123\nsignalbox\n")
  })

  it("points it at the server that runs, wherever its flags have it listen", async () => {
    await using place = await makePlace()
    const base = async () => (await place.run(["claude-env"])).stdout.split("'")[1]
    assert.strictEqual(await base(), "http://127.0.0.1:4000")
    place.configure({ server: { port: 4100 } })
    assert.strictEqual(await base(), "http://127.0.0.1:4100")
    const server = place.start(["serve", "--port", "0"])
    await server.says("http://127.0.0.1:")
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stdout()) ?? []
    assert.strictEqual(await base(), url)
    server.child.kill("SIGTERM")
    await server.ended
    place.configure({ server: { port: 0 } })
    const nowhere = await place.run(["claude-env"])
    assert.strictEqual(nowhere.code, 69)
    assert.include(nowhere.stderr, "NO_RUNNING_HOST")
    assert.strictEqual(nowhere.stdout, "")
  })

  it("names the variable that takes the key, where the server asks for one", async () => {
    await using place = await makePlace()
    place.configure({ server: { auth: { mode: "keys", keys: [{ name: "ci", key: "sk-canary" }] } } })
    for (const [client, variable] of [
      ["claude-env", "ANTHROPIC_API_KEY"],
      ["codex-env", "OPENAI_API_KEY"]
    ] as const) {
      const { stderr, stdout } = await place.run([client])
      assert.include(stderr, `set ${variable} to one of server.auth.keys.`)
      assert.notInclude(stdout + stderr, "sk-canary")
    }
  })

  it("starts Codex, which heeds no variable, with a provider of its configuration", async () => {
    await using place = await makePlace()
    writeFileSync(place.file("codex"), `#!/bin/sh\nprintf '%s\\n' "$@" "$OPENAI_API_KEY"\n`)
    chmodSync(place.file("codex"), 0o755)
    const { stdout } = await place.run(["codex-env", "--url", "http://127.0.0.1:4123"])
    assert.deepStrictEqual(shell(place, stdout, 'codex exec "two words"').split("\n"), [
      "-c",
      'model_provider="signalbox"',
      "-c",
      'model_providers.signalbox={ name = "Signalbox", base_url = "http://127.0.0.1:4123/v1", env_key = "OPENAI_API_KEY", wire_api = "responses" }',
      "exec",
      "two words",
      "signalbox",
      ""
    ])
  })
})
