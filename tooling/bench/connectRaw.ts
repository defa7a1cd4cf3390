/**
 * The baseline of most benchmarks: one stdio server through the raw MCP SDK client.
 */
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"

export interface RawClient extends AsyncDisposable {
  readonly pid: number | undefined
  readonly call: (tool: string, input: Record<string, unknown>) => Promise<unknown>
  readonly listTools: () => Promise<unknown>
}

/** Starts the server and shakes hands. */
export const connectRaw = async (command: string, args: ReadonlyArray<string>): Promise<RawClient> => {
  const client = new Client({ name: "bench", version: "0.0.0" })
  const transport = new StdioClientTransport({ command, args: [...args], stderr: "ignore" })
  await client.connect(transport)
  return {
    pid: transport.pid ?? undefined,
    call: (name, input) => client.callTool({ name, arguments: input }),
    listTools: () => client.listTools(),
    [Symbol.asyncDispose]: () => client.close()
  }
}
