/**
 * `signalbox serve` over two upstreams and three MCP servers: one process that all share, one over HTTP, and one of which each
 * conversation has a process of its own.
 */
import { type FxLlm, fxMcpCommand, type Script, startFxLlm, tempDirectory } from "@signalbox/testing"
import { launchHttp, markOf } from "../servers.ts"
import { type ServeProgram, startServe } from "../serveProgram.ts"

/** The servers of tools, by name. */
export type Tool = "stdio" | "http" | "own"

/** All that runs. */
export interface LeaveServers extends AsyncDisposable, Pick<ServeProgram, "tells" | "url"> {
  readonly fxLlm: FxLlm
  /** The folder of the logs. */
  readonly folder: string
  /** Asks something simple: `answered`, or what came instead. */
  readonly ask: (text: string) => Promise<string>
}

/** Where a server of tools logs. */
export const logOf = ({ folder }: Pick<LeaveServers, "folder">, tool: Tool): string => `${folder}/${tool}`

const numbers = (digits: string): string => `^[${digits}]\\d{6}$`

const callOf = (digit: string, tool: Tool) => ({
  when: { lastUserTextMatches: numbers(digit) },
  // Its number is how long it would take; so long that it never ends by itself here.
  reply: { text: "Wait.", toolCalls: [{ name: `${tool}__sleep`, input: '{"milliseconds":{{lastUserText}}}' }] }
})

const script: Script = [
  { when: { lastUserTextMatches: numbers("123") }, reply: { text: ["One ", "two."], hold: 1 } },
  { when: { lastUserTextMatches: numbers("4") }, reply: { text: "Late.", hold: "start" } },
  callOf("5", "stdio"),
  callOf("6", "http"),
  callOf("7", "own"),
  { when: { lastUserTextContains: "broken" }, reply: { fault: { kind: "status", status: 529 } } },
  { when: { lastUserTextContains: "There?" }, reply: { text: "Here." } }
]

/** One failure is enough. */
const breaker = { failures: 1 }

const configuration = (llmUrl: string, mcpUrl: string, place: Pick<LeaveServers, "folder">, mark: string) => {
  const local = (tool: Tool) => ({
    enabled: true,
    transport: "stdio",
    env: markOf(mark),
    writes: "parallel",
    ...fxMcpCommand({ tools: "sleep", log: logOf(place, tool) })
  })
  return {
    model: { provider: "claude", retry: { attempts: 1 }, breaker },
    providers: {
      claude: { apiKey: "env:FX_KEY", baseUrl: llmUrl, model: "claude-any" },
      openai: { apiKey: "env:FX_KEY", baseUrl: `${llmUrl}/v1`, model: "any" }
    },
    runtime: { breaker },
    servers: {
      stdio: local("stdio"),
      own: { ...local("own"), sessions: { affinity: "conversation", max: 8 } },
      http: { enabled: true, transport: "http", url: mcpUrl, headers: {}, writes: "parallel" }
    }
  }
}

/** Starts everything. */
export const startLeaveServers = async (mark: string): Promise<LeaveServers> => {
  const directory = await tempDirectory("signalbox-proof-")
  const place = { folder: directory.path }
  const fxLlm = await startFxLlm({ script })
  const mcp = await launchHttp({ tools: "sleep", log: logOf(place, "http") }, mark)
  const serve = await startServe(configuration(fxLlm.url, mcp.url, place, mark))
  return {
    ...place,
    fxLlm,
    url: serve.url,
    tells: serve.tells,
    ask: async (text) => {
      const messages = [{ role: "user", content: text }]
      const body = JSON.stringify({ model: "claude-any", max_tokens: 100, messages })
      const response = await fetch(`${serve.url}/v1/messages`, { method: "POST", body })
      const said = await response.text()
      return response.status === 200 && said.includes("Here.") ? "answered" : `${response.status} ${said}`
    },
    [Symbol.asyncDispose]: async () => {
      await serve[Symbol.asyncDispose]()
      await mcp.close()
      await fxLlm.close()
      await directory[Symbol.asyncDispose]()
    }
  }
}
