import { assert, describe, it } from "@effect/vitest"
import { nothingLeft, recordOf } from "./hostRecord.ts"
import { makePlace } from "./support.ts"

const post = (url: string) =>
  fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] })
  })

describe("a provider that is left alone", () => {
  it("is shown with what its last failure was, by its circuit and by a test of providers", async () => {
    await using place = await makePlace()
    place.configure({
      // Nobody listens there.
      model: { provider: "mine", retry: { attempts: 1 }, breaker: { failures: 1, openFor: "1 hour" } },
      providers: { mine: { kind: "claude", apiKey: "a-key", baseUrl: "http://127.0.0.1:9", model: "m" } },
      server: { port: 0 }
    })
    const served = place.start(["serve"])
    await served.says("Listening on")
    const { url } = recordOf(place)
    assert.strictEqual((await post(url)).status, 502)
    const refused = await post(url)
    assert.strictEqual(refused.status, 503)
    assert.notInclude(await refused.text(), "127.0.0.1")
    const [status, json, tested] = await Promise.all([
      place.run(["breaker", "status"]),
      place.run(["breaker", "status", "--json"]),
      place.run(["providers", "test", "mine", "--json"])
    ])
    const failure = "mine cannot be reached at http://127.0.0.1:9/v1/messages: "
    assert.match(status.stdout, /^provider:mine +open /m)
    assert.include(status.stdout, `provider:mine failed last: PROVIDER_UNREACHABLE: ${failure}`)
    const circuit = json.json().data["provider:mine"]
    assert.deepInclude(circuit, { phase: "open", failed: 1, rejected: 1 })
    assert.strictEqual(circuit.last_failure.code, "PROVIDER_UNREACHABLE")
    assert.include(circuit.last_failure.message, failure)
    assert.strictEqual(tested.code, 69)
    const [mine] = tested.json().data.providers
    assert.strictEqual(mine.error.error_code, "PROVIDER_UNREACHABLE")
    assert.deepStrictEqual(mine.circuit, { phase: "open", last_failure: circuit.last_failure })
    process.kill(served.pid, "SIGTERM")
    assert.strictEqual((await served.ended).code, 143)
    await nothingLeft(place)
  })
})
