/**
 * `signalbox serve` over two upstreams, three MCP servers (one process that all share, one over HTTP, and one of which each
 * conversation has a process of its own), and Bash.
 */
import { type FxLlm, fxMcpCommand, type Script, startFxLlm, tempDirectory } from "@signalbox/testing"
import { launchHttp, markOf } from "../servers.ts"
import { type ServeProgram, startServe } from "../serveProgram.ts"
import { type Commands, watchCommands } from "./commands.ts"

/** The servers of tools, by name. */
export type Tool = "stdio" | "http" | "own"

/** What something may be going on in, for a program of ours that is asked. */
export interface Surroundings extends AsyncDisposable {
  readonly fxLlm: FxLlm
  readonly commands: Commands
  /** The folder of the logs. */
  readonly folder: string
  /** What the program is told of them. */
  readonly configuration: object
}

/** All that runs. */
export interface LeaveServers extends Surroundings, Pick<ServeProgram, "tells" | "url"> {
  /** Asks something simple: `answered`, or what came instead. */
  readonly ask: (text: string) => Promise<string>
}

/** Where a server of tools logs. */
export const logOf = ({ folder }: Pick<Surroundings, "folder">, tool: Tool): string => `${folder}/${tool}`

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
  {
    when: { lastUserTextMatches: numbers("8") },
    reply: { text: "Wait.", toolCalls: [{ name: "Bash", input: '{"command":"sleep {{lastUserText}}"}' }] }
  },
  { when: { lastUserTextContains: "broken" }, reply: { fault: { kind: "status", status: 529 } } },
  { when: { lastUserTextContains: "There?" }, reply: { text: "Here." } }
]

/** One failure is enough. */
const breaker = { failures: 1 }

const configuration = (llmUrl: string, mcpUrl: string, place: Pick<Surroundings, "folder">, mark: string) => {
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
    tools: { enabled: ["Bash"] },
    server: { port: 0, tools: "all" },
    servers: {
      stdio: local("stdio"),
      own: { ...local("own"), sessions: { affinity: "conversation", max: 8 } },
      http: { enabled: true, transport: "http", url: mcpUrl, headers: {}, writes: "parallel" }
    }
  }
}

/** Starts all but the program. */
export const startSurroundings = async (mark: string): Promise<Surroundings> => {
  const directory = await tempDirectory("signalbox-proof-")
  const place = { folder: directory.path }
  const fxLlm = await startFxLlm({ script })
  const mcp = await launchHttp({ tools: "sleep", log: logOf(place, "http") }, mark)
  const commands = watchCommands()
  return {
    ...place,
    fxLlm,
    commands,
    configuration: configuration(fxLlm.url, mcp.url, place, mark),
    [Symbol.asyncDispose]: async () => {
      commands[Symbol.dispose]()
      await mcp.close()
      await fxLlm.close()
      await directory[Symbol.asyncDispose]()
    }
  }
}

/** Starts everything; `changes` are sections of the configuration. */
export const startLeaveServers = async (mark: string, changes: object = {}): Promise<LeaveServers> => {
  const surroundings = await startSurroundings(mark)
  const serve = await startServe({ ...surroundings.configuration, ...changes })
  return {
    ...surroundings,
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
      await surroundings[Symbol.asyncDispose]()
    }
  }
}
