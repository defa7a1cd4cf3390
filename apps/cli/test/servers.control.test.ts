import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, waitFor } from "@signalbox/testing"
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { nothingLeft, recordOf } from "./hostRecord.ts"
import { makePlace } from "./support.ts"

describe("one configuration", () => {
  it("is served by one process at a time, unless the second one is not to be asked", async () => {
    await using place = await makePlace()
    place.configure({ server: { port: 0 }, servers: { fx: place.server() } })
    const first = place.start(["serve"])
    await first.says("Listening on")
    const { pid, url } = recordOf(place)
    assert.strictEqual(pid, first.pid)
    assert.include(first.stdout(), url)
    const second = await place.run(["serve"])
    assert.strictEqual(second.code, 69, second.stdout)
    assert.include(second.stderr, `is already served by process ${pid}.`)
    assert.include(second.stderr, "[HOST_ALREADY_RUNNING]")
    const beside = place.start(["serve", "--no-control"])
    await beside.says("Listening on")
    process.kill(beside.pid, "SIGTERM")
    assert.strictEqual((await beside.ended).code, 143)
    assert.lengthOf(place.controlFiles(), 2)
    // A host for model clients goes on without servers.
    const stopped = await place.run(["servers", "stop", "--all", "--json"])
    assert.isFalse(stopped.json().data.host_ended)
    const again = await place.run(["servers", "stop", "--all"])
    assert.include(again.stderr, `signalbox serve goes on without servers (process ${pid}).`)
    process.kill(first.pid, "SIGTERM")
    assert.strictEqual((await first.ended).code, 143)
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })

  it("is free again after kill -9, whose files the next start replaces", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server({ exitOnEof: true }) } })
    await place.run(["servers", "start", "--all", "--detach"])
    const { pid } = recordOf(place)
    process.kill(pid, "SIGKILL")
    await waitFor(async () => !(await place.processes()).includes(pid), { description: "the end of the host" })
    assert.lengthOf(place.controlFiles(), 2)
    const none = await place.run(["servers", "restart", "fx"])
    assert.strictEqual(none.code, 69)
    const next = await place.run(["servers", "start", "--all", "--detach"])
    assert.strictEqual(next.code, 0, next.stderr)
    assert.notStrictEqual(recordOf(place).pid, pid)
    assert.lengthOf(place.controlFiles(), 2)
    await place.run(["servers", "stop", "--all"])
    await nothingLeft(place)
  })
})

describe("without a running host", () => {
  it("commands that need one say how to start it, with 69", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    const commands = [
      ["servers", "stop", "--all"],
      ["servers", "reconnect", "fx"],
      ["servers", "restart", "fx"],
      ["metrics"],
      ["alerts"],
      ["pool", "status"],
      ["breaker", "status"],
      ["reload"]
    ]
    const ended = await Promise.all(commands.map((command) => place.run(command)))
    for (const { code, stderr } of ended) {
      assert.strictEqual(code, 69, stderr)
      assert.include(stderr, "[NO_RUNNING_HOST]")
      assert.include(stderr, "signalbox serve, or in the background: signalbox servers start --detach")
    }
  })
})

describe("the running host", () => {
  it("reconnects, restarts, reloads, counts and warns on demand", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    place.configure({ servers: { fx: place.server({ log }) } })
    await place.run(["servers", "start", "--all", "--detach"])
    const before = (await place.servers())[0]
    const reconnected = await place.run(["servers", "reconnect", "fx"])
    assert.strictEqual(reconnected.code, 0, reconnected.stderr)
    await waitFor(async () => (await place.servers()).every((pid) => pid !== before), {
      description: "the end of the old process"
    })
    assert.strictEqual((await place.run(["servers", "restart", "--all"])).code, 0)
    assert.lengthOf(
      readFxMcpLog(log).filter(({ event }) => event === "start"),
      3
    )
    place.configure({ servers: { fx: place.server({ log }), late: place.server() } })
    const reloaded = await place.run(["reload", "--json"])
    assert.strictEqual(reloaded.code, 0, reloaded.stdout)
    const opened = await place.run(["breaker", "open", "fx"])
    assert.match(opened.stdout, /^fx +open /m)
    assert.include((await place.run(["servers", "status"])).stdout, "unhealthy")
    const [metrics, prometheus, alerts, failing, pools, fresh] = await Promise.all([
      place.run(["metrics", "--json"]),
      place.run(["metrics", "--prometheus"]),
      place.run(["alerts", "--json"]),
      place.run(["alerts", "--fail-on", "critical", "--json"]),
      place.run(["pool", "status", "--json"]),
      place.run(["servers", "status", "--json", "--fresh"])
    ])
    assert.hasAllKeys(metrics.json().data.servers, ["fx", "late"])
    assert.include(prometheus.stdout, "# TYPE mcp_server_state gauge")
    assert.deepInclude(alerts.json().data[0], { kind: "breaker-open", severity: "critical", subject: "fx" })
    assert.deepStrictEqual([alerts.code, failing.code], [0, 3])
    assert.deepStrictEqual([failing.json().error_code, failing.json().data.length], ["ALERTS_HOLD", 1])
    const mild = await place.run(["alerts", "--fail-on", "critical", "--severity", "warning"])
    assert.strictEqual(mild.code, 0, mild.stderr)
    assert.isObject(pools.json().data)
    // A look of its own starts everything, also what the host has not started.
    assert.deepInclude(fresh.json().data[1], { name: "late", state: "running" })
    await place.run(["servers", "stop", "--all"])
    await nothingLeft(place)
  })

  it("can be asked and ended when its file is wrong by now", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server(), other: place.server() } })
    await place.run(["servers", "start", "--detach"])
    place.configure({ servers: { nonsense: 1 } })
    const [status, logs] = await Promise.all([
      place.run(["servers", "status", "--json"]),
      place.run(["servers", "logs", "fx"])
    ])
    assert.strictEqual(status.code, 0, status.stderr)
    assert.lengthOf(status.json().data, 2)
    assert.strictEqual(logs.code, 0, logs.stderr)
    assert.strictEqual((await place.run(["servers", "stop", "fx"])).code, 0)
    const last = await place.run(["servers", "stop", "--type", "stdio", "--json"])
    assert.isTrue(last.json().data.host_ended, last.stdout)
    await nothingLeft(place)
  })

  it("tells of a server that was killed, while the others run", async () => {
    await using place = await makePlace()
    const fragile = { ...place.server(), restart: { policy: "never" } }
    place.configure({ servers: { fragile, fx: place.server() } })
    const started = await place.run(["servers", "start", "--all", "--detach", "--json"])
    process.kill(started.json().data.results.fragile.data.pid, "SIGKILL")
    const status = await place.run(["servers", "status", "--json"])
    assert.strictEqual(status.code, 3)
    assert.deepInclude(status.json().data[0], { state: "error", exit_signal: "SIGKILL" })
    const text = await place.run(["servers", "status"])
    assert.match(text.stdout, /✗ fragile: .*SIGKILL/)
    await place.run(["servers", "stop", "--all"])
    await nothingLeft(place)
  })

  it("lets a reader follow what a server writes, and does not mind when it leaves", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server({ stderrText: "started" }) } })
    await place.run(["servers", "start", "--all", "--detach"])
    const following = place.start(["servers", "logs", "fx", "--follow"])
    await following.says("started")
    await place.run(["servers", "restart", "fx"])
    await following.says("started", 2)
    process.kill(following.pid, "SIGINT")
    assert.strictEqual((await following.ended).code, 130)
    assert.strictEqual((await place.run(["servers", "status"])).code, 0)
    const other = place.start(["servers", "logs", "fx", "--follow", "--json"])
    await other.says("started")
    assert.strictEqual((await place.run(["servers", "stop", "--all"])).code, 0)
    // The end of the host is the end of the news.
    await other.ended
    await nothingLeft(place)
  })
})

describe("the folder of the sockets", () => {
  it.skipIf(process.getuid?.() !== 0)("is refused when it is somebody else's, with what to do", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    mkdirSync(place.file("signalbox"))
    chownSync(place.file("signalbox"), 12_345, 12_345)
    const [start, status, serve] = await Promise.all([
      place.run(["servers", "start", "--all", "--detach"]),
      place.run(["servers", "status"]),
      place.run(["serve", "--json"])
    ])
    assert.strictEqual(start.code, 78, start.stdout)
    assert.match(
      start.stderr,
      /\[CONTROL_DIRECTORY_UNUSABLE\].*belongs to the user with the id 12345.*\n→ .*XDG_RUNTIME_DIR/
    )
    assert.strictEqual(status.code, 78)
    assert.strictEqual(serve.json().error_code, "CONTROL_DIRECTORY_UNUSABLE")
    assert.deepStrictEqual(readdirSync(place.file("signalbox")), [])
    await nothingLeft(place)
  })

  it("is closed to others, and closed again where it was open", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    mkdirSync(place.file("signalbox"))
    chmodSync(place.file("signalbox"), 0o777)
    assert.strictEqual((await place.run(["servers", "start", "--all", "--detach"])).code, 0)
    assert.strictEqual(statSync(place.file("signalbox")).mode & 0o777, 0o700)
    for (const name of place.controlFiles()) {
      assert.strictEqual(statSync(place.file(`signalbox/${name}`)).mode & 0o777, 0o600, name)
    }
  })
})
