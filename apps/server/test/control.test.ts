import { assert, describe, it } from "@effect/vitest"
import { CorrelationId } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { localCall } from "@signalbox/model"
import { ServerAlreadyRunning } from "@signalbox/orchestrator"
import { readFxMcpLog, waitFor } from "@signalbox/testing"
import { Effect, Fiber, Stream } from "effect"
import { startControl, writeServers } from "./controlSupport.ts"

const all = { payload: {} }
const named = (name: string) => ({ params: { name } })

describe("the control API", () => {
  it("lists servers, one server, and all at a glance", async () => {
    await using host = await startControl({ servers: { fx: {}, other: { tools: "echo" } } })
    const run = host.runtime.runPromise
    const { results, succeeded, success_rate, total } = await run(host.ask((client) => client.servers.startMany(all)))
    assert.deepStrictEqual([succeeded, total, success_rate], [2, 2, 1])
    assert.deepStrictEqual(Object.keys(results), ["fx", "other"])
    const servers = await run(host.ask((client) => client.servers.list()))
    assert.deepStrictEqual(
      servers.map(({ name, state, tool_count }) => [name, state, tool_count > 0]),
      [
        ["fx", "running", true],
        ["other", "running", true]
      ]
    )
    const status = await host.raw("GET", "/v1/mcp/servers/status")
    assert.deepInclude(JSON.parse(status.text).summary, { total: 2, running: 2, error: 0, healthy: 2, calls: 0 })
    const one = await host.raw("GET", "/v1/mcp/servers/other/status")
    assert.deepInclude(JSON.parse(one.text), { name: "other", tools: ["echo"] })
    assert.strictEqual(JSON.parse(one.text).metrics.calls, 0)
  })

  it("starts, stops and restarts one server, and refuses what makes no sense", async () => {
    await using host = await startControl({ servers: { fx: {} }, startsAll: false })
    const run = host.runtime.runPromise
    const started = await run(host.ask((client) => client.servers.start(named("fx"))))
    assert.strictEqual(started.state, "running")
    const refused = await run(Effect.flip(host.ask((client) => client.servers.start(named("fx")))))
    assert.strictEqual(refused.code, ServerAlreadyRunning.definition.code)
    assert.strictEqual(refused.status.http, 409)
    const restarted = await run(host.ask((client) => client.servers.restart(named("fx"))))
    assert.notStrictEqual(restarted.pid, started.pid)
    const reconnected = await run(host.ask((client) => client.servers.reconnect(named("fx"))))
    assert.notStrictEqual(reconnected.pid, restarted.pid)
    assert.strictEqual(
      (await run(host.ask((client) => client.servers.stop({ ...named("fx"), query: {} })))).state,
      "stopped"
    )
    const again = await run(Effect.flip(host.ask((client) => client.servers.stop({ ...named("fx"), query: {} }))))
    assert.strictEqual(again.code, "SERVER_NOT_RUNNING")
    // Among many, one that is stopped is as it was wanted.
    assert.strictEqual((await run(host.ask((client) => client.servers.stopMany(all)))).succeeded, 1)
  })

  it("kills at once what is to be stopped by force, and does not start it again", async () => {
    const stubborn = { ignoreEof: true, ignoreTerm: true }
    await using host = await startControl({
      servers: { a: stubborn, b: stubborn },
      entry: { shutdownTimeout: "1 minute" }
    })
    const run = host.runtime.runPromise
    const { results } = await run(host.ask((client) => client.servers.startMany(all)))
    const one = await run(host.ask(({ servers }) => servers.stop({ ...named("a"), query: { force: "true" } })))
    const many = await run(host.ask((client) => client.servers.stopMany({ payload: { force: true } })))
    assert.strictEqual(one.state, "stopped")
    assert.deepInclude(many.results["b"]?.data, { state: "stopped", restart_count: 0 })
    // Its grace would have been a minute.
    assert.isBelow(many.results["b"]?.duration_ms ?? Number.NaN, 55_000)
    for (const { data } of Object.values(results)) assert.throws(() => process.kill(data?.pid ?? 0, 0), /ESRCH/)
  })

  it("starts one process for two starts, at the same moment or one after the other", async () => {
    await using host = await startControl({ servers: { fx: { log: "fx.log" } }, startsAll: false })
    const start = () => host.raw("POST", "/v1/mcp/servers/fx/start")
    const answers = [...(await Promise.all([start(), start()])), await start()]
    assert.sameMembers(
      answers.map(({ status }) => status),
      [200, 409, 409]
    )
    for (const { status, text } of answers)
      if (status === 409) assert.strictEqual(JSON.parse(text).error_code, "SERVER_ALREADY_RUNNING")
    const processes = readFxMcpLog(host.directory.file("fx.log")).filter(({ event }) => event === "start")
    assert.lengthOf(processes, 1)
  })

  it("starts many at once, and one that hangs costs the others nothing", async () => {
    const servers = { a: {}, b: {}, c: {}, d: {}, hanging: { hangInit: true } }
    await using host = await startControl({ servers, entry: { connectTimeout: "4s" }, startsAll: false })
    const { results, succeeded } = await host.runtime.runPromise(host.ask((client) => client.servers.startMany(all)))
    assert.strictEqual(succeeded, 4)
    assert.deepInclude(results["hanging"], { status: "timeout", data: null, error_code: "SERVER_HANDSHAKE_TIMEOUT" })
    const durationOf = (name: string) => results[name]?.duration_ms ?? Number.NaN
    for (const name of ["a", "b", "c", "d"]) assert.isBelow(durationOf(name), durationOf("hanging"))
  })

  it("refuses a list with an unknown name before anything is done", async () => {
    await using host = await startControl({ servers: { fx: {} }, startsAll: false })
    const answer = await host.raw("POST", "/v1/mcp/servers/start", '{"server_names":["fx","fy"]}')
    assert.strictEqual(answer.status, 404)
    assert.deepInclude(JSON.parse(answer.text), { error_code: "SERVER_NOT_FOUND", http_status: 404, exit_code: 1 })
    const [fx] = await host.runtime.runPromise(host.ask((client) => client.servers.list()))
    assert.strictEqual(fx?.state, "stopped")
  })

  it("asks a server itself when its health is to be checked", async () => {
    await using host = await startControl({ servers: { fx: { log: "fx.log" } } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany(all)))
    const log = host.directory.file("fx.log")
    const pings = () => readFxMcpLog(log).filter(({ method }) => method === "ping")
    assert.lengthOf(pings(), 0)
    const answer = await host.raw("POST", "/v1/mcp/servers/fx/health-check")
    assert.deepInclude(JSON.parse(answer.text), { name: "fx", health: "healthy" })
    assert.lengthOf(pings(), 1)
    await run(host.ask((client) => client.servers.stopMany(all)))
    assert.strictEqual((await host.raw("POST", "/v1/mcp/servers/fx/health-check")).status, 409)
  })

  it("shows pools by their names, and has the same routes below /api", async () => {
    await using host = await startControl({ servers: { fx: {} } })
    await host.runtime.runPromise(host.ask((client) => client.servers.startMany(all)))
    assert.strictEqual((await host.raw("GET", "/v1/mcp/pools")).status, 200)
    const missing = await host.raw("GET", "/v1/mcp/pools/nope")
    assert.strictEqual(missing.status, 404)
    assert.strictEqual(JSON.parse(missing.text).error_code, "POOL_NOT_FOUND")
    const checked = await host.raw("POST", "/api/v1/mcp/pools/fx/health-check")
    assert.deepInclude(JSON.parse(checked.text), { name: "fx", health: "healthy" })
    assert.strictEqual((await host.raw("GET", "/api/v1/mcp/servers/status")).status, 200)
    const [status, summary, prometheus, other] = await Promise.all(
      ["/api/v1/mcp/status", "/api/v1/mcp/metrics/summary", "/metrics", "/api/v1/mcpx"].map((path) =>
        host.raw("GET", path)
      )
    )
    assert.strictEqual(JSON.parse(status?.text ?? "").summary.total, 1)
    assert.hasAllKeys(JSON.parse(summary?.text ?? "").servers, ["fx"])
    assert.include(prometheus?.type, "text/plain; version=0.0.4")
    assert.strictEqual(other?.status, 404)
    const { openapi, paths } = JSON.parse((await host.raw("GET", "/openapi.json")).text)
    assert.match(openapi, /^3\./)
    assert.containsAllKeys(paths, ["/v1/mcp/servers", "/v1/mcp/servers/{name}/start"])
  })

  it("shows a session in use while a call runs on it", async () => {
    await using host = await startControl({ servers: { fx: {} }, entry: { sessions: { max: 2 } } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany(all)))
    const fx = () => run(host.ask(({ pools }) => pools.list())).then((pools) => pools["fx"])
    const call = host.runtime.runFork(
      Effect.flatMap(Host, ({ toolbox }) => toolbox.call("sleep", { milliseconds: 60_000 }, localCall()))
    )
    await waitFor(async () => (await fx())?.used === 1, { description: "a session in use" })
    assert.deepInclude(await fx(), { used: 1, idle: 0, max: 2 })
    await run(Fiber.interrupt(call))
    await waitFor(async () => (await fx())?.used === 0, { description: "no session in use" })
  })

  it("opens and closes circuits by hand, which hides the tools and shows in the status", async () => {
    await using host = await startControl({ servers: { fx: {} } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany(all)))
    assert.strictEqual((await run(host.ask(({ breakers }) => breakers.list())))["fx"]?.phase, "closed")
    const opened = await run(host.ask(({ breakers }) => breakers.open(named("fx"))))
    assert.hasAllKeys(opened["fx"], [
      "phase",
      "in_phase_ms",
      "succeeded",
      "failed",
      "ignored",
      "rejected",
      "trips",
      "last_failure",
      "settings"
    ])
    assert.strictEqual(opened["fx"]?.phase, "open")
    const info = await run(host.ask((client) => client.servers.get(named("fx"))))
    assert.deepInclude(info, { state: "running", circuit: "open", health: "unhealthy" })
    assert.isNotEmpty(info.hidden_tools)
    assert.strictEqual((await run(host.ask(({ breakers }) => breakers.reset(named("fx")))))["fx"]?.phase, "closed")
    await run(host.ask(({ breakers }) => breakers.open(named("fx"))))
    assert.strictEqual((await run(host.ask(({ breakers }) => breakers.close(named("fx")))))["fx"]?.phase, "closed")
    const missing = await run(Effect.flip(host.ask(({ breakers }) => breakers.open(named("fy")))))
    assert.strictEqual(missing.code, "SERVER_NOT_FOUND")
  })

  it("belongs to the work of whoever asks", async () => {
    await using host = await startControl({ servers: { fx: {} } })
    const outcomes = host.ask((client) => client.servers.startMany(all))
    const { results } = await host.runtime.runPromise(Effect.provideService(outcomes, CorrelationId, "their-work"))
    assert.strictEqual(results["fx"]?.correlation_id, "their-work")
    const other = JSON.parse((await host.raw("POST", "/v1/mcp/servers/start", "{}")).text)
    assert.match(other.results.fx.correlation_id, /^[0-9a-z]{20}$/)
  })

  it("answers wrong requests in words", async () => {
    await using host = await startControl({ servers: {} })
    const [limit, severity, json, route, method] = await Promise.all([
      host.raw("GET", "/v1/mcp/alerts?limit=201"),
      host.raw("GET", "/v1/mcp/alerts?severity=bad"),
      host.raw("POST", "/v1/mcp/servers/start", "{"),
      host.raw("GET", "/v1/nothing"),
      host.raw("DELETE", "/v1/mcp/servers")
    ])
    assert.deepStrictEqual([limit.status, severity.status, json.status], [400, 400, 400])
    assert.deepInclude(JSON.parse(limit.text), {
      error_code: "INVALID_CONTROL_REQUEST",
      message: "limit is wrong: Expected a value between 1 and 200."
    })
    assert.include(JSON.parse(severity.text).message, "severity is wrong")
    assert.strictEqual(route.status, 404)
    assert.include(JSON.parse(route.text).message, "There is no GET /v1/nothing.")
    assert.strictEqual(JSON.parse(method.text).error_code, "ROUTE_NOT_FOUND")
  })

  it("has the numbers as JSON and as Prometheus reads them, health, and alerts", async () => {
    await using host = await startControl({ servers: { fx: { exitAtStart: 1 } } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany(all)))
    assert.hasAllKeys((await run(host.ask((client) => client.watching.metrics()))).servers, ["fx"])
    const prometheus = await host.raw("GET", "/v1/mcp/metrics/prometheus")
    assert.strictEqual(prometheus.type, "text/plain; version=0.0.4; charset=utf-8")
    assert.match(prometheus.text, /^# TYPE mcp_server_state gauge$/m)
    const health = JSON.parse((await host.raw("GET", "/v1/mcp/health")).text)
    assert.strictEqual(health.status, "unhealthy")
    assert.strictEqual(health.problems[0].server_name, "fx")
    const alerts = await host.raw("GET", "/v1/mcp/alerts?severity=warning&limit=1")
    assert.deepStrictEqual(JSON.parse(alerts.text), [])
  })

  it("shows the configuration without what servers are given", async () => {
    const entry = { env: { PLAIN_NAME: "s3cret-value", REFERENCE: "env:HOME_OF_NOTHING" } }
    await using host = await startControl({ servers: { fx: {} }, entry: { ...entry, enabled: false } })
    const whole = await host.raw("GET", "/v1/mcp/config")
    assert.notInclude(whole.text, "s3cret-value")
    assert.include(whole.text, "env:HOME_OF_NOTHING")
    const one = await host.raw("GET", "/v1/mcp/config/fx")
    const { values } = JSON.parse(one.text)
    assert.deepInclude(
      values.map(({ path, value }: { path: string; value: unknown }) => ({ path, value })),
      { path: "servers.fx.env.PLAIN_NAME", value: "<redacted>" }
    )
    assert.strictEqual((await host.raw("GET", "/v1/mcp/config/fy")).status, 404)
  })

  it("takes up a changed file, and says what is wrong with a broken one", async () => {
    await using host = await startControl({ servers: { fx: {} } })
    const run = host.runtime.runPromise
    const file = host.directory.file("signalbox.yaml")
    writeServers(file, { servers: { fx: {}, late: {} } })
    assert.strictEqual((await host.raw("GET", "/v1/mcp/config/late")).status, 404)
    assert.deepInclude(await run(host.ask((client) => client.host.reload())), { added: ["late"], unchanged: ["fx"] })
    const late = await run(host.ask((client) => client.host.configOf({ params: { name: "late" } })))
    assert.propertyVal(
      late.values.find(({ path }) => path === "servers.late.transport"),
      "value",
      "stdio"
    )
    writeServers(file, { servers: { fx: {}, late: {} }, agents: { planner: ["fx"] } })
    const { agents, needs_restart } = await run(host.ask((client) => client.host.reload()))
    assert.deepInclude(agents, { added: ["planner"], removed: [], kept: [] })
    assert.deepStrictEqual(needs_restart, [])
    writeServers(file, { servers: { fx: {} }, entry: { nonsense: true } })
    const error = await run(Effect.flip(host.ask((client) => client.host.reload())))
    assert.strictEqual(error.code, "CONFIG_INVALID")
    assert.strictEqual(error.status.exit, 78)
    const stale = await run(host.ask((client) => client.watching.health()))
    assert.isTrue(stale.config_stale)
    assert.include(stale.config_error, "nonsense")
    writeServers(file, { servers: { fx: {} } })
    await run(host.ask((client) => client.host.reload()))
    assert.deepInclude(await run(host.ask((client) => client.watching.health())), {
      config_stale: false,
      config_error: null
    })
  })
})

describe("the stream of events", () => {
  it("begins with all servers as they are, and tells of a killed one by itself", async () => {
    const entry = { restart: { policy: "never" } }
    await using host = await startControl({ servers: { fx: {}, other: {} }, entry })
    const run = host.runtime.runPromise
    const { results } = await run(host.ask((client) => client.servers.startMany(all)))
    const found = await run(
      host
        .watch((client) => client.watching.events())
        .pipe(
          Stream.tap((event) =>
            Effect.sync(() => {
              if (event.type !== "snapshot") return
              assert.deepStrictEqual(
                event.servers.map(({ state }) => state),
                ["running", "running"]
              )
              process.kill(results["fx"]?.data?.pid ?? 0, "SIGKILL")
            })
          ),
          Stream.filter((event) => event.type === "state_changed"),
          Stream.take(1),
          Stream.runCollect
        )
    )
    assert.deepInclude(found[0]?.server, { name: "fx", state: "error", exit_signal: "SIGKILL" })
    // Whoever asks is told the same.
    const asked = await run(host.ask((client) => client.servers.get(named("fx"))))
    assert.deepInclude(asked, { state: "error", exit_signal: "SIGKILL" })
  })

  it("ends with the API, and a reader that leaves is forgotten", async () => {
    await using host = await startControl({ servers: { fx: { stderrText: "hello" } } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany(all)))
    const follow = host.watch((client) => client.watching.followLogs({ ...named("fx"), query: { tail: 1 } }))
    const first = await run(follow.pipe(Stream.take(1), Stream.runCollect))
    assert.deepStrictEqual(first, [{ server_name: "fx", line: "hello" }])
    const following = host.runtime.runFork(Stream.runCollect(follow))
    await run(host.ask((client) => client.servers.restart(named("fx"))))
    // An open stream must not hold up the end of the program.
    await host.runtime.dispose()
    await Effect.runPromise(Fiber.await(following))
  })
})

describe("asking for the end", () => {
  it("is answered before it comes", async () => {
    await using host = await startControl({ servers: {} })
    const answer = await host.raw("POST", "/v1/mcp/shutdown")
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(JSON.parse(answer.text).pid, process.pid)
    await waitFor(() => host.runtime.runPromise(host.shutdownAsked).then(() => true), { description: "the request" })
  })
})
