import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@signalbox/testing"
import { makePlace, type Place } from "./support.ts"

const agent = (servers: ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) => ({
  enabled: true,
  servers,
  ...more
})

/** A place with three servers and two agents that work, one of which is partly down, and one that is disabled. */
const withAgents = (place: Place, more: Readonly<Record<string, unknown>> = {}) =>
  place.configure({
    servers: {
      a: place.server({ tools: ["echo", "env"] }),
      b: place.server({ tools: ["add"] }),
      dead: place.server({ exitAtStart: 7 })
    },
    agents: {
      planner: agent(["a", "mcp.b"], { description: "Plans the day", tools: { a: { allow: ["echo"] } } }),
      partly: agent(["mcp.b.add", "dead"]),
      off: { ...agent(["a"]), enabled: false }
    },
    ...more
  })

describe("signalbox agents", () => {
  it("lists those of the configuration and starts nothing", async () => {
    await using place = await makePlace()
    withAgents(place)
    const listed = await place.run(["agents", "list"])
    assert.strictEqual(listed.code, 0)
    assert.match(listed.stdout, /^planner +stopped +a, b +Plans the day\npartly +stopped +b, dead\noff +disabled +a\n$/)
    const { json } = await place.run(["agents", "list", "--json"])
    assert.deepStrictEqual(
      json().data.map(({ enabled, name, state }: Record<string, unknown>) => [name, enabled, state]),
      [
        ["planner", true, "stopped"],
        ["partly", true, "stopped"],
        ["off", false, "stopped"]
      ]
    )
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("status starts them, says how they are under the names of the configuration, and ends them", async () => {
    await using place = await makePlace()
    withAgents(place)
    const one = await place.run(["agents", "status", "planner", "--json"])
    assert.strictEqual(one.code, 0)
    const [planner] = one.json().data
    assert.deepInclude(planner, {
      state: "connected",
      total_servers: 2,
      connected_servers: 2,
      total_tools: 2,
      tool_names: ["echo", "add"],
      error: null
    })
    assert.deepStrictEqual(Object.keys(planner.server_status), ["a", "b"])
    const all = await place.run(["agents", "status"])
    assert.strictEqual(all.code, 3)
    assert.match(all.stdout, /planner +connected +2\/2 servers, 2 tools/)
    assert.match(all.stdout, /partly +degraded +1\/2 servers, 1 tool/)
    assert.match(all.stdout, /partly\.dead: Server "dead" exited with status 7/)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("check tells a misspelt server with its line and the name that was meant, before anything starts", async () => {
    await using place = await makePlace()
    withAgents(place)
    assert.strictEqual(
      (await place.run(["agents", "check"])).stdout,
      "✓ 2 agents enabled, and sound: planner, partly\n"
    )
    withAgents(place, { agents: { planner: agent(["a", "mcp.dea"]) } })
    for (const args of [
      ["agents", "check"],
      ["chat", "hello"],
      ["chat", "--agent", "planner", "hello"]
    ]) {
      const { code, stderr } = await place.run(args)
      assert.strictEqual(code, 78, args.join(" "))
      assert.match(stderr, /signalbox\.json:\d+ agents\.planner\.servers\.1: there is no server "dea"/)
      assert.include(stderr, 'did you mean "mcp.dead"?')
    }
    withAgents(place, { agents: { planner: agent(["a"], { secrets: { a: { TOKEN: "env:NOT_SET" } } }) } })
    const unset = await place.run(["agents", "check"])
    assert.strictEqual(unset.code, 78)
    assert.include(unset.stderr, "agents.planner.secrets.a.TOKEN: the environment variable NOT_SET is not set")
    assert.deepStrictEqual(await place.servers(), [])
  })
})

describe("signalbox chat --agent", () => {
  it("talks to the agent: only its tools are there", async () => {
    await using place = await makePlace()
    withAgents(place)
    const said = await place.run(["chat", "--agent", "planner", "--json", 'echo "all aboard"'])
    assert.strictEqual(said.code, 0)
    assert.include(said.json().data.text, "all aboard")
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("ends with what is wrong when there is no such agent, or none of its servers starts", async () => {
    await using place = await makePlace()
    withAgents(place, { agents: { lost: agent(["dead"]) } })
    const unknown = await place.run(["chat", "--agent", "los", "hello"])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'Did you mean "lost"?')
    const lost = await place.run(["chat", "--agent", "lost", "--json", "hello"])
    assert.strictEqual(lost.json().error_code, "NO_SERVER_CONNECTED")
    assert.include(lost.json().error?.message, 'Server "dead" exited with status 7')
  })
})

describe("agents of a running host", () => {
  it("are added, seen, reconnected and removed by commands", async () => {
    await using place = await makePlace()
    // None that dies and is started again: the processes are counted.
    withAgents(place, {
      server: { port: 0 },
      servers: { a: place.server({ tools: ["echo", "env"] }), b: place.server({ tools: ["add"] }) },
      agents: { planner: agent(["a", "b"], { tools: { a: { allow: ["echo"] } } }) }
    })
    const host = place.start(["serve"])
    await host.says("http://")
    await host.says("a is ready")
    await host.says("b is ready")
    const added = await place.run(["agents", "add", "planner"])
    assert.strictEqual(added.stdout, "✓ planner runs: 2/2 servers, 2 tools\n", added.stderr)
    const before = await place.servers()
    const listed = await place.run(["agents", "list", "--json"])
    assert.strictEqual(listed.json().data[0].state, "connected")
    const [status, numbers] = await Promise.all([place.run(["servers", "status"]), place.run(["metrics"])])
    for (const { stdout } of [status, numbers]) assert.match(stdout, /^planner\/b +running/m)
    const again = await place.run(["agents", "reconnect", "--all"])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.match(again.stdout, /^planner:\n✓ a is running, 1 tool .*\n✓ b is running, 1 tool .*\n$/)
    await waitFor(async () => (await place.servers()).length === before.length, { description: "the old ones to end" })
    assert.notDeepEqual(await place.servers(), before)
    const one = await place.run(["agents", "reconnect", "planner", "--server", "c"])
    assert.strictEqual(one.code, 1)
    assert.include(one.stderr, 'There is no server "c".')
    const removed = await place.run(["agents", "remove", "planner"])
    assert.strictEqual(removed.stdout, "✓ planner has ended\n")
    await waitFor(async () => (await place.servers()).length === before.length - 2, {
      description: "the end of its two"
    })
    const gone = await place.run(["agents", "remove", "planner", "--json"])
    assert.strictEqual(gone.json().error_code, "AGENT_NOT_RUNNING")
    host.child.kill("SIGTERM")
    await host.ended
  })

  it("need one: without it a command says so", async () => {
    await using place = await makePlace()
    withAgents(place)
    const { json } = await place.run(["agents", "add", "planner", "--json"])
    assert.strictEqual(json().error_code, "NO_RUNNING_HOST")
  })
})
