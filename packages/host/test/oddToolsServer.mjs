// An MCP server whose tools have schemas that model providers refuse, and which greets on standard output.
import { createInterface } from "node:readline"

const tools = [
  { name: "sound", inputSchema: { type: "object", properties: { a: { type: "array", items: { type: "string" } } } } },
  { name: "choice", inputSchema: { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] } },
  { name: "silent", description: "Has no schema", inputSchema: "none" }
]

const results = {
  initialize: {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "odd-tools", version: "1.0.0" }
  },
  "tools/list": { tools }
}

process.stdout.write("Welcome to odd tools\n")
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line)
  if (id === undefined) continue
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? {} })}\n`)
}
