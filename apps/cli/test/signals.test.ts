import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, startFxLlm, waitFor } from "@signalbox/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { main } from "./program.ts"
import { jsonLines, makePlace, type Place, upstream } from "./support.ts"

const noneLeft = (place: Place) =>
  waitFor(async () => (await place.servers()).length === 0, { description: "the end of all servers" })

const event = (log: string, name: string) =>
  waitFor(() => readFxMcpLog(log).find(({ event }) => event === name), { description: `${name} in ${log}` })

const stubborn = { ignoreEof: true, ignoreTerm: true, grandchild: true } as const

describe("SIGINT during a tool call", () => {
  it("cancels it: the server is told, the answer says so, nothing is left", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    place.configure({ servers: { fx: place.server({ callDelay: 60_000, log }) } })
    const running = place.start(["tools", "call", "fx", "echo", '{"text":"x"}', "--json"])
    await event(log, "call_start")
    process.kill(running.pid, "SIGINT")
    const ended = await running.ended
    assert.strictEqual(ended.code, 130, ended.stderr)
    assert.strictEqual(ended.json().status, "cancelled")
    assert.strictEqual(ended.json().error_code, "CANCELLED")
    await event(log, "cancelled")
    await noneLeft(place)
  })

  it("stops the one turn of a chat and says what was stopped", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: { toolCalls: [{ name: "echo", input: { text: "x" } }] } })
    const log = place.file("log")
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ callDelay: 60_000, log }) } })
    const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
    const text = place.start(["chat", "go"], env)
    await event(log, "call_start")
    process.kill(text.pid, "SIGINT")
    const ended = await text.ended
    assert.strictEqual(ended.code, 130)
    assert.include(ended.stderr, "■ stopped: echo of fx")
    await event(log, "cancelled")
    const json = place.start(["chat", "go", "--json"], env)
    await waitFor(() => readFxMcpLog(log).filter(({ event }) => event === "call_start").length === 2, {
      description: "the second call"
    })
    process.kill(json.pid, "SIGINT")
    const outcome = await json.ended
    assert.strictEqual(outcome.code, 130)
    assert.strictEqual(outcome.json().status, "cancelled")
    await noneLeft(place)
  })
})

describe("a signal", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const) {
    it(`${signal} ends everything in order with ${code}`, async () => {
      await using place = await makePlace()
      place.configure({ servers: { a: place.server(), b: place.server({ grandchild: true }), c: place.server() } })
      const running = place.start(["serve", "--port", "0", "--json"])
      await running.says('"status":"pending"')
      assert.match(JSON.parse(running.stdout()).data.url, /^http:\/\/127\.0\.0\.1:\d+$/)
      await waitFor(async () => (await place.servers()).length === 4, { description: "three servers and a grandchild" })
      process.kill(running.pid, signal)
      const ended = await running.ended
      assert.strictEqual(ended.code, code, ended.stderr)
      assert.lengthOf(jsonLines(ended.stdout), 1)
      await noneLeft(place)
    })
  }

  it("given twice does not wait for servers that ignore every hint", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    const server = { ...place.server({ ...stubborn, log }), shutdownTimeout: "2 minutes" }
    place.configure({ servers: { stubborn: server } })
    const running = place.start(["serve", "--port", "0"])
    await running.says("is ready")
    process.kill(running.pid, "SIGINT")
    await event(log, "stdin_end")
    process.kill(running.pid, "SIGINT")
    const ended = await running.ended
    assert.strictEqual(ended.code, 130)
    await noneLeft(place)
  })
})

describe("SIGINT given twice during the one answer of a chat", () => {
  it("does not wait for a server that ignores every hint", async () => {
    await using place = await makePlace()
    const log = place.file("log")
    const server = {
      ...place.server({ ...stubborn, tools: "echo", callDelay: 60_000, log }),
      shutdownTimeout: "2 minutes"
    }
    place.configure({ servers: { stubborn: server } })
    const running = place.start(["chat", "use echo to say hi"])
    await event(log, "call_start")
    process.kill(running.pid, "SIGINT")
    await running.says("stopped: echo of stubborn")
    process.kill(running.pid, "SIGINT")
    assert.strictEqual((await running.ended).code, 130)
    await noneLeft(place)
  })
})

describe("kill -9 of the program", () => {
  it("leaves stubborn servers to the next start, which sweeps them", async () => {
    await using place = await makePlace()
    place.configure({ servers: { stubborn: place.server({ ...stubborn, tools: "echo" }) } })
    const running = place.start(["serve", "--port", "0"])
    await running.says("is ready")
    const orphans = await place.servers()
    running.child.kill("SIGKILL")
    await running.ended
    assert.includeMembers([...(await place.servers())], [...orphans])
    place.configure({ servers: { fx: place.server({ tools: "echo" }) } })
    const next = await place.run(["tools", "call", "fx", "echo", "text=back"])
    assert.include(next.stdout, "back")
    await noneLeft(place)
  })
})

describe("a reader that has seen enough", () => {
  it("is no error, and the servers are stopped all the same", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    const pipe = `"$1" "$2" tools list --json; echo "code $?" >&2`
    const shell = spawn("/bin/sh", ["-c", `{ ${pipe}; } | head -c 1`, "sh", process.execPath, main], {
      cwd: place.path,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stderr = ""
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    shell.stdout.resume()
    await once(shell, "close")
    assert.strictEqual(stderr, "code 0\n")
    await noneLeft(place)
  })
})
