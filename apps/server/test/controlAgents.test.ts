import { assert, describe, it } from "@effect/vitest"
import { waitFor } from "@signalbox/testing"
import { startControl } from "./controlSupport.ts"

const servers = { fx: { tools: "echo" }, other: {} }

describe("the servers of an agent", () => {
  it("are in the status, the numbers and the alerts under its name, and the host's own are as they were", async () => {
    const entry = { restart: { policy: "never" } }
    const limits = { alerts: { serverLost: { critical: "1 millis" } } }
    await using host = await startControl({ servers, entry, limits, agents: { planner: ["fx"] } })
    const run = host.runtime.runPromise
    await run(host.ask((client) => client.servers.startMany({ payload: {} })))
    await run(host.ask((client) => client.agents.add({ params: { name: "planner" } })))

    const { servers: rows, summary } = await run(host.ask((client) => client.servers.status()))
    assert.deepStrictEqual(
      rows.map(({ metrics, name, set, state }) => [set, name, state, metrics?.starts]),
      [
        [undefined, "fx", "running", 1],
        [undefined, "other", "running", 1],
        ["planner", "fx", "running", 1]
      ]
    )
    assert.deepInclude(summary, { total: 3, running: 3 })
    const own = await run(host.ask((client) => client.servers.list()))
    assert.deepStrictEqual(
      own.map(({ name }) => name),
      ["fx", "other"]
    )

    const metrics = await run(host.ask((client) => client.watching.metrics()))
    assert.hasAllKeys(metrics.servers, ["fx", "other"])
    assert.hasAllKeys(metrics.sets?.["planner"]?.servers, ["fx"])
    const prometheus = await run(host.ask((client) => client.watching.prometheus()))
    assert.match(prometheus, /^mcp_server_state\{server="fx",state="running"\} 1$/m)
    assert.match(prometheus, /^mcp_server_state\{server="fx",state="running",set="planner"\} 1$/m)

    process.kill(rows[2]?.pid ?? Number.NaN, "SIGKILL")
    const alerts = () => run(host.ask((client) => client.watching.alerts({ query: {} })))
    await waitFor(async () => (await alerts()).length > 0, { description: "an alert" })
    const [alert, ...others] = await alerts()
    assert.deepInclude(alert, { id: "planner/server-lost:fx", set: "planner", subject: "fx", kind: "server-lost" })
    assert.deepStrictEqual(others, [])
  })
})
