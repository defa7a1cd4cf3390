// The least that a program can do to call one tool: `node bareClient.mjs COMMAND ARGS…` starts the server, shakes
// hands, calls `echo`, prints its text, and waits for the end of the server.
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

const [command, ...args] = process.argv.slice(2)
const server = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] })
const send = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
createInterface({ input: server.stdout }).on("line", (line) => {
  const { id, result } = JSON.parse(line)
  if (id === 1) {
    send({ method: "notifications/initialized" })
    send({ id: 2, method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } })
  }
  if (id === 2) {
    process.stdout.write(`${result.content[0].text}\n`)
    server.stdin.end()
  }
})
const clientInfo = { name: "bare", version: "0" }
send({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } })
