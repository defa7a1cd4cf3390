/**
 * A stand-in for a server, inside the program: nothing is started and nothing is reached, so that what stands on the
 * servers can be tried without them. It has three tools of its own, whatever the real one has.
 */
import type { RpcMessage, ServerTransport } from "@signalbox/mcp"
import type { ManagedServer } from "@signalbox/orchestrator"

type Json = Readonly<Record<string, unknown>>

interface MockTool {
  readonly listed: Json & { readonly name: string }
  readonly answer: (input: Json) => Json
}

const schema = (properties: Readonly<Record<string, string>>, required: ReadonlyArray<string>): Json => ({
  type: "object",
  properties: Object.fromEntries(Object.entries(properties).map(([name, type]) => [name, { type }])),
  required
})

const tools: ReadonlyArray<MockTool> = [
  {
    listed: {
      name: "get_server_status",
      description: "Says that the mock server runs.",
      inputSchema: schema({}, []),
      annotations: { readOnlyHint: true }
    },
    answer: () => ({ status: "online" })
  },
  {
    listed: {
      name: "fetch_mock_data",
      description: "Answers a mock record.",
      inputSchema: schema({ data_id: "string" }, ["data_id"]),
      annotations: { readOnlyHint: true }
    },
    answer: ({ data_id: id }) => ({ id, content: `Mock data for ${String(id)}` })
  },
  {
    listed: {
      name: "execute_mock_action",
      description: "Pretends to act.",
      inputSchema: schema({ action_name: "string", params: "object" }, ["action_name"]),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false }
    },
    answer: ({ action_name: action, params = {} }) => ({ status: "completed", action, params })
  }
]

/** The same server with a stand-in where it was. */
export const mockServer = (managed: ManagedServer): ManagedServer => ({
  ...managed,
  server: {
    ...managed.server,
    protocol: "legacy",
    // The same function for all, so that two stand-ins of one server are equal.
    endpoint: { transport: "in-process", serve }
  },
  // Rules for the tools and the program of the real one mean nothing here.
  requires: {},
  program: {},
  lacks: [],
  onStart: [],
  tools: { allow: undefined, deny: [], rename: {}, describe: {} }
})

const serve = (transport: ServerTransport): Promise<void> => {
  const onmessage = ({ id, method, params }: RpcMessage) => {
    if (id === undefined) return
    const answer = answerTo(method ?? "", params ?? {})
    // A transport that is closed has nobody who waits for the answer.
    transport.send({ jsonrpc: "2.0", id, ...answer }).catch(() => undefined)
  }
  return Object.assign(transport, { onmessage }).start()
}

const answerTo = (method: string, params: Json): Pick<RpcMessage, "error" | "result"> => {
  switch (method) {
    case "initialize":
      return {
        result: {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "mock", version: "1" }
        }
      }
    case "ping":
      return { result: {} }
    case "tools/list":
      return { result: { tools: tools.map(({ listed }) => listed) } }
    case "tools/call":
      return call(params)
    default:
      return { error: { code: -32601, message: `Method not found: ${method}` } }
  }
}

const call = ({ arguments: given, name }: Json): Pick<RpcMessage, "error" | "result"> => {
  const tool = tools.find(({ listed }) => listed.name === name)
  if (tool === undefined) return { error: { code: -32602, message: `Unknown tool: ${String(name)}` } }
  const isObject = typeof given === "object" && given !== null
  // Checked: an object, whose members are looked at one by one.
  const structuredContent = tool.answer(isObject ? (given as Json) : {})
  return { result: { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent } }
}
