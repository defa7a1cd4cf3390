import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { textMessage } from "@signalbox/model"
import { startFxLlm } from "@signalbox/testing"
import { Effect, Schedule } from "effect"
import { startControl } from "./controlSupport.ts"

const question = { model: "", messages: [textMessage("user", "Hi")], tools: [], system: [], maxTokens: 9 }
const named = (name: string) => ({ params: { name } })

const start = (claudeUrl: string) =>
  startControl({
    servers: { fx: {} },
    config: {
      model: {
        provider: "claude",
        retry: { attempts: 1 },
        breaker: { failures: 1 },
        prices: [{ model: "*", input: 3, output: 15 }]
      },
      runtime: { alerts: { interval: "50 millis" } },
      providers: { claude: { apiKey: "a-key", baseUrl: claudeUrl } }
    }
  })

describe("the control API, about models,", () => {
  it("has the circuits of providers beside those of servers, and works them", async () => {
    await using upstream = await startFxLlm({ script: [{ fault: { kind: "status", status: 500 } }, { text: "Yes." }] })
    await using host = await start(upstream.url)
    const run = host.runtime.runPromise
    const ask = () => run(Effect.exit(Effect.flatMap(Host, ({ model }) => model.service.generate(question))))
    assert.deepInclude((await run(host.ask(({ breakers }) => breakers.list())))["provider:claude"], {
      phase: "closed",
      succeeded: 0
    })
    assert.strictEqual((await ask())._tag, "Failure")
    const listed = await run(host.ask(({ breakers }) => breakers.list()))
    assert.deepStrictEqual(Object.keys(listed), ["fx", "provider:claude", "provider:ollama"])
    assert.deepInclude(listed["provider:claude"], { phase: "open", failed: 1, trips: 1 })
    const [alert] = await run(
      host
        .ask(({ watching }) => watching.alerts({ query: {} }))
        .pipe(Effect.repeat({ until: (alerts) => alerts.length > 0, schedule: Schedule.spaced("20 millis") }))
    )
    assert.deepInclude(alert, { kind: "breaker-open", severity: "critical", subject: "provider:claude" })
    const closed = await run(host.ask(({ breakers }) => breakers.close(named("provider:claude"))))
    assert.deepStrictEqual(Object.keys(closed), ["provider:claude"])
    assert.strictEqual(closed["provider:claude"]?.phase, "closed")
    assert.strictEqual((await ask())._tag, "Success")
    await run(host.ask(({ breakers }) => breakers.open(named("provider:claude"))))
    assert.strictEqual((await ask())._tag, "Failure")
    assert.lengthOf(upstream.requests, 2)
    const reset = await run(host.ask(({ breakers }) => breakers.reset(named("provider:claude"))))
    assert.deepInclude(reset["provider:claude"], { phase: "closed", failed: 0, rejected: 0 })
    const unknown = await run(Effect.flip(host.ask(({ breakers }) => breakers.open(named("provider:cloude")))))
    assert.strictEqual(unknown.code, "SERVER_NOT_FOUND")
    assert.include(unknown.message, 'Did you mean "provider:claude"?')
  })

  it("knows what they were used for and have cost, as JSON and for Prometheus", async () => {
    const usage = { inputTokens: 1000, outputTokens: 500 }
    await using upstream = await startFxLlm({ script: { text: "Yes.", usage } })
    await using host = await start(upstream.url)
    const run = host.runtime.runPromise
    assert.deepStrictEqual((await run(host.ask(({ watching }) => watching.metrics()))).models, [])
    await run(Effect.flatMap(Host, ({ model }) => model.service.generate(question)))
    const { circuits, models } = await run(host.ask(({ watching }) => watching.metrics()))
    assert.deepInclude(models[0], {
      upstream: "claude",
      principal: "local",
      requests: 1,
      input_tokens: 1000,
      output_tokens: 500,
      cost_usd: 0.0105
    })
    assert.deepInclude(circuits["provider:claude"], { phase: "closed", succeeded: 1 })
    const text = await run(host.ask(({ watching }) => watching.prometheus()))
    assert.match(text, /^cost_usd\{[^}]*upstream="claude"[^}]*\} 0\.0105$/m)
    assert.match(text, /^model_tokens_total\{[^}]*kind="output"[^}]*\} 500$/m)
  })
})
