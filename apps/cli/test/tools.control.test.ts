import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, waitFor } from "@signalbox/testing"
import { makePlace } from "./support.ts"

describe("tools where a host runs the configuration", () => {
  it("are its tools: a stopped server and an open circuit refuse the call, and calls count", async () => {
    await using place = await makePlace()
    const server = place.server({ tools: "echo" })
    place.configure({ servers: { a: server, b: server, c: server } })
    await place.run(["servers", "start", "--detach"])
    const called = await place.run(["tools", "call", "a", "echo", "text=hi"])
    assert.deepStrictEqual([called.code, called.stdout], [0, "hi\n"], called.stderr)
    assert.match(called.stderr, /^From the running host: signalbox servers start, process \d+\n$/)
    const numbers = await place.run(["metrics", "--json"])
    assert.strictEqual(numbers.json().data.servers.a.calls, 1)
    assert.strictEqual((await place.servers()).length, 3)

    await place.run(["servers", "stop", "a"])
    await place.run(["breaker", "open", "b"])
    const [stopped, open, unknown, listed, named] = await Promise.all([
      place.run(["tools", "call", "a", "echo", "text=hi", "--json"]),
      place.run(["tools", "call", "b", "echo", "text=hi", "--json"]),
      place.run(["tools", "call", "fy", "echo", "text=hi", "--json"]),
      place.run(["tools", "list", "--json"]),
      place.run(["tools", "list", "--server", "c"])
    ])
    assert.deepStrictEqual([stopped.code, stopped.json().error_code], [1, "SERVER_NOT_RUNNING"])
    assert.deepStrictEqual([open.code, open.json().error_code], [69, "SERVER_CIRCUIT_OPEN"], open.stdout)
    assert.strictEqual(unknown.json().error_code, "SERVER_NOT_FOUND")
    assert.strictEqual(listed.code, 0, listed.stdout)
    const own: ReadonlyArray<{ readonly server: string }> = listed.json().data
    assert.deepStrictEqual(
      own.map(({ server }) => server),
      ["c"]
    )
    assert.match(named.stdout, /^c__echo +c +/)
    assert.strictEqual((await place.servers()).length, 2)

    const [fresh, direct] = await Promise.all([
      place.run(["tools", "call", "a", "echo", "text=hi", "--fresh"]),
      place.run(["tools", "call", "b", "echo", "text=hi", "--direct"])
    ])
    assert.deepStrictEqual([fresh.code, fresh.stdout, fresh.stderr], [0, "hi\n", ""])
    assert.deepStrictEqual([direct.code, direct.stdout, direct.stderr], [0, "hi\n", ""])
  })

  it("tells of a failed tool as without a host", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    await place.run(["servers", "start", "--detach"])
    const codes = []
    for (const where of [[], ["--fresh"]]) {
      const failed = await place.run(["tools", "call", "fx", "add", '{"a":"x"}', "--json", ...where])
      codes.push([failed.code, failed.json().error_code])
    }
    assert.deepStrictEqual(codes[0], codes[1])
    assert.notStrictEqual(codes[0]?.[0], 0)
    const structured = await place.run(["tools", "call", "fx", "add", '{"a": 2, "b": 3}', "--json"])
    const own = await place.run(["tools", "call", "fx", "add", '{"a": 2, "b": 3}', "--json", "--fresh"])
    assert.deepStrictEqual(structured.json().data, own.json().data)
  })

  it("cancels the call in the host's server when Ctrl-C ends the command; the host goes on", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    place.configure({ servers: { fx: place.server({ callDelay: 60_000, log }) } })
    await place.run(["servers", "start", "--detach"])
    const running = place.start(["tools", "call", "fx", "echo", "text=x", "--json"])
    const event = (name: string) =>
      waitFor(() => readFxMcpLog(log).find(({ event }) => event === name), { description: name })
    await event("call_start")
    process.kill(running.pid, "SIGINT")
    const ended = await running.ended
    assert.strictEqual(ended.code, 130, ended.stderr)
    assert.strictEqual(ended.json().status, "cancelled")
    await event("cancelled")
    const status = await place.run(["servers", "status", "--json"])
    assert.deepInclude(status.json().data[0], { name: "fx", state: "running", restart_count: 0 })
  })
})

describe("prompts and resources where a host runs the configuration", () => {
  it("say that they start servers of their own", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    const alone = await place.run(["prompts", "list"])
    assert.notInclude(alone.stderr, "running host")
    await place.run(["servers", "start", "--detach"])
    const told = await Promise.all([place.run(["prompts", "list"]), place.run(["resources", "list"])])
    for (const { stderr } of told) {
      assert.match(stderr, /Not through the running host \(process \d+\): servers are started for this command alone/)
    }
  })
})
