import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, waitFor } from "@signalbox/testing"
import { existsSync } from "node:fs"
import { nothingLeft, recordOf } from "./hostRecord.ts"
import { makePlace } from "./support.ts"

describe("servers start --detach", () => {
  it("leaves a host in the background, which status, logs and stop reach; the last stop leaves nothing", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server({ stderrText: "one line" }), other: place.server() } })
    const started = await place.run(["servers", "start", "fx", "--detach"])
    assert.strictEqual(started.code, 0, started.stderr)
    assert.match(started.stdout, /^✓ fx is running, \d+ tools \(process \d+\)\n$/)
    const { log_file, pid } = recordOf(place)
    assert.include(started.stderr, `They run in process ${pid}; it logs to ${log_file}`)
    // A group of its own: what a terminal sends to its foreground group does not reach it.
    process.kill(-pid, 0)

    const status = await place.run(["servers", "status", "--json"])
    assert.strictEqual(status.code, 0, status.stderr)
    assert.deepInclude(status.json().data[0], { name: "fx", state: "running", seen: "running_host" })
    assert.deepInclude(status.json().data[1], { name: "other", state: "stopped" })
    assert.include(status.stderr, `From the running host: signalbox servers start, process ${pid}`)
    assert.strictEqual((await place.servers()).length, 1)

    const logs = await place.run(["servers", "logs", "fx", "--tail", "5"])
    assert.strictEqual(logs.stdout, "one line\n")

    const stopped = await place.run(["servers", "stop", "--all", "--json"])
    assert.strictEqual(stopped.code, 0, stopped.stdout)
    assert.isTrue(stopped.json().data.host_ended)
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })

  it("says with 3 and 1 what did not start, and the rest runs", async () => {
    await using place = await makePlace()
    const hanging = { ...place.server({ hangInit: true }), connectTimeout: "4s" }
    const fine = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, place.server({ tools: "echo" })]))
    place.configure({ servers: { ...fine, hanging } })
    const partly = await place.run(["servers", "start", "--detach", "--json"])
    assert.strictEqual(partly.code, 3, partly.stderr)
    const { results, succeeded, total } = partly.json().data
    assert.deepStrictEqual([succeeded, total], [4, 5])
    assert.strictEqual(results.hanging.status, "timeout")
    assert.strictEqual(results.hanging.error_code, "SERVER_HANDSHAKE_TIMEOUT")
    assert.strictEqual(results.a.data.state, "running")
    // All at once: what starts waits for none that hangs.
    for (const name of ["a", "b", "c", "d"]) assert.isBelow(results[name].duration_ms, results.hanging.duration_ms)
    const again = await place.run(["servers", "start", "hanging"])
    assert.strictEqual(again.code, 1, again.stdout)
    assert.include(again.stderr, "[SERVER_HANDSHAKE_TIMEOUT]")
    await place.run(["servers", "stop", "--all"])
    await nothingLeft(place)
  })

  it("asks the host that runs already, and tells of servers that run", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server(), other: place.server() } })
    await place.run(["servers", "start", "fx", "--detach"])
    const { pid } = recordOf(place)
    const more = await place.run(["servers", "start", "--all", "--detach", "--json"])
    assert.strictEqual(more.code, 0, more.stdout)
    assert.strictEqual(more.json().data.host.pid, pid)
    assert.include(more.stderr, `A host runs this configuration already, process ${pid}`)
    const here = await place.run(["servers", "start", "fx"])
    assert.include(here.stderr, `The running host, process ${pid}, has the servers`)
    assert.strictEqual((await place.servers()).length, 2)
    const first = await place.run(["servers", "stop", "fx", "--json"])
    assert.isFalse(first.json().data.host_ended)
    const last = await place.run(["servers", "stop", "other", "--json"])
    assert.isTrue(last.json().data.host_ended)
    await nothingLeft(place)
  })

  it("tells why the background process ended before it could be asked", async () => {
    await using place = await makePlace()
    place.configure({
      telemetry: { endpoint: "http://127.0.0.1:1", headers: { KEY: "env:NOT_SET_ANYWHERE" } },
      servers: { fx: place.server() }
    })
    const ended = await place.run(["servers", "start", "fx", "--detach"])
    assert.strictEqual(ended.code, 1, ended.stdout)
    assert.include(ended.stderr, "[BACKGROUND_START_FAILED]")
    assert.include(ended.stderr, "NOT_SET_ANYWHERE")
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })

  it("leaves no host behind where none of the servers starts, and says where its log is", async () => {
    await using place = await makePlace()
    place.configure({ servers: { dead: place.server({ exitAtStart: 7 }), other: place.server() } })
    const ended = await place.run(["servers", "start", "dead", "--detach"])
    assert.strictEqual(ended.code, 1, ended.stdout)
    assert.include(ended.stderr, "[SERVER_EXITED]")
    assert.include(ended.stderr, "Nothing was left in the background; the log: ")
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })
})

describe("servers start", () => {
  it("does not wait for an answer that nobody can give, and starts nothing", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    place.configure({ servers: { fx: place.server({ log }) } })
    const [nothing, missing, type] = await Promise.all([
      place.run(["servers", "start"]),
      place.run(["servers", "start", "--server", "missing"]),
      place.run(["servers", "start", "--type", "sse"])
    ])
    assert.strictEqual(nothing.code, 2)
    assert.include(nothing.stderr, "Name servers to start, or say --all. There are: fx.")
    assert.strictEqual(missing.code, 1)
    assert.include(missing.stderr, 'There is no server "missing"')
    assert.strictEqual(type.code, 2)
    assert.deepStrictEqual(place.controlFiles(), [])
    assert.isFalse(existsSync(log), "a server was started")
  })

  it("asks a person at a terminal, and shows what a server lacks", async () => {
    await using place = await makePlace()
    const lacking = { ...place.server(), env: { KEY: "env:NOT_SET_ANYWHERE" } }
    place.configure({ servers: { fx: place.server(), lacking } })
    const leaving = place.startOnTerminal(["servers", "start"])
    await leaving.sees("Which servers to start?")
    await leaving.sees("cannot start: the environment variable NOT_SET_ANYWHERE")
    leaving.press("\u0003")
    assert.strictEqual((await leaving.ended).code, 130)
    place.configure({ servers: { fx: place.server(), other: place.server() } })
    const choosing = place.startOnTerminal(["servers", "start"])
    await choosing.sees("Which servers to start?")
    const down = "\u001b[B"
    choosing.press(down)
    choosing.press(down)
    choosing.press(down)
    choosing.press(" ")
    await choosing.sees("☒")
    choosing.press("\r")
    await choosing.sees("is ready")
    assert.lengthOf(await place.servers(), 1)
    choosing.press("\u0003")
    assert.strictEqual((await choosing.ended).code, 130)
    await nothingLeft(place)
  })

  it("keeps them in the foreground, shows what they write, and ends them with Ctrl-C", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server({ stderrText: "hello from within" }) } })
    const running = place.start(["servers", "start", "--type", "stdio"])
    await running.says("fx is ready")
    await running.says("fx │ hello from within")
    const quiet = await place.run(["servers", "start", "fx"])
    assert.strictEqual(quiet.code, 0, quiet.stderr)
    process.kill(running.pid, "SIGINT")
    const ended = await running.ended
    assert.strictEqual(ended.code, 130, ended.stderr)
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })

  it("hides what they write with --hide-logs, and ends when its last server is stopped", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server({ stderrText: "hello from within" }) } })
    const running = place.start(["servers", "start", "fx", "--hide-logs"])
    await running.says("signalbox servers status asks from elsewhere")
    assert.strictEqual((await place.run(["servers", "stop", "fx"])).code, 0)
    const ended = await running.ended
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.notInclude(ended.stderr, "hello from within")
    await nothingLeft(place)
  })

  it("ends in one stretch of grace, whatever its servers ignore, and at once at the second signal", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    const stubborn = place.server({ ignoreEof: true, ignoreTerm: true, log })
    const fine = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, place.server({ tools: "echo" })]))
    place.configure({ servers: { ...fine, stubborn } })
    await place.run(["servers", "start", "--all", "--detach"])
    const stopped = await place.run(["servers", "stop", "--all", "--json"])
    assert.strictEqual(stopped.code, 0, stopped.stdout)
    const { results } = stopped.json().data
    assert.isAtLeast(results.stubborn.duration_ms, 4900)
    assert.isBelow(results.a.duration_ms, results.stubborn.duration_ms)
    await nothingLeft(place)

    place.configure({ servers: { ...fine, stubborn: { ...stubborn, shutdownTimeout: "2 minutes" } } })
    const running = place.start(["servers", "start", "--all", "--hide-logs"])
    await running.says("signalbox servers status asks from elsewhere")
    process.kill(running.pid, "SIGINT")
    await waitFor(() => readFxMcpLog(log).filter(({ event }) => event === "stdin_end").length > 1, {
      description: "the end of input"
    })
    process.kill(running.pid, "SIGINT")
    assert.strictEqual((await running.ended).code, 130)
    assert.deepStrictEqual(place.controlFiles(), [])
    await nothingLeft(place)
  })
})
