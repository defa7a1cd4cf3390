/**
 * The baseline of most benchmarks: one server through the raw MCP SDK client.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"

export interface RawClient extends AsyncDisposable {
  readonly pid: number | undefined
  readonly call: (tool: string, input: Record<string, unknown>) => Promise<unknown>
  readonly listTools: () => Promise<unknown>
}

const rawClient = (client: Client, pid?: number): RawClient => ({
  pid,
  call: (name, input) => client.callTool({ name, arguments: input }),
  listTools: () => client.listTools(),
  [Symbol.asyncDispose]: () => client.close()
})

const makeClient = () => new Client({ name: "bench", version: "0.0.0" })

/** Starts a stdio server and shakes hands. */
export const connectRaw = async (command: string, args: ReadonlyArray<string>): Promise<RawClient> => {
  const client = makeClient()
  const transport = new StdioClientTransport({ command, args: [...args], stderr: "ignore" })
  await client.connect(transport)
  return rawClient(client, transport.pid ?? undefined)
}

/** Shakes hands with a server over Streamable HTTP. */
export const connectRawHttp = async (url: string): Promise<RawClient> => {
  const client = makeClient()
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  return rawClient(client)
}
