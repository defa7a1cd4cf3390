/** An MCP server that dies during its second call, and the log of what really reached it. */
import { readFxMcpLog, startFxMcpHttp, tempDirectory, waitFor } from "@signalbox/testing"

await using folder = await tempDirectory()
const log = folder.file("log.jsonl")
const server = await startFxMcpHttp({ stateless: true, answers: "json", fault: ["exit:3@call:2"], log })

const call = (key: string): Promise<string> =>
  fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "write", arguments: { key, value: "1" } }
    })
  }).then(
    (response) => `answered ${response.status}`,
    () => "connection lost"
  )

process.stdout.write(`${await call("a")}, ${await call("b")}, exit ${await server.exited}\n`)
// => answered 200, connection lost, exit 3
const runs = await waitFor(() => readFxMcpLog(log).filter(({ event }) => event === "call_start"), {
  description: "the log"
})
process.stdout.write(`writes that ran: ${runs.map((run) => JSON.stringify(run.arguments)).join(" ")}\n`)
// => writes that ran: {"key":"a","value":"1"} {"key":"b","value":"1"}
await server.close()
