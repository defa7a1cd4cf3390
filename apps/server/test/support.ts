/** A server over a host whose model is fx-llm and whose MCP server is fx-mcp, both scripted by the test. */
import Anthropic from "@anthropic-ai/sdk"
import { assert } from "@effect/vitest"
import { CorrelationId } from "@signalbox/errors"
import { makeResultFiles } from "@signalbox/conversation/jsonl"
import { Host, type HostSetup, loadConfig } from "@signalbox/host"
import { keptStores, nodePlatform } from "@signalbox/host/node"
import { SignalboxServer } from "@signalbox/server"
import {
  type FxMcpEvent,
  fxMcpCommand,
  type FxMcpFlags,
  readFxMcpLog,
  type Script,
  startFxLlm,
  tempDirectory,
  waitFor
} from "@signalbox/testing"
import { Effect, Layer, Logger, ManagedRuntime, References } from "effect"
import { writeFile } from "node:fs/promises"

export interface Setup {
  readonly script?: Script
  /** Which API fx-llm is asked through. */
  readonly provider?: "claude" | "openai"
  /** Flags of fx-mcp; `false` for no MCP server at all. */
  readonly mcp?: FxMcpFlags | false
  /** Overrides of the configuration by dotted path. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The section `server` of the file. */
  readonly server?: object
  /** Variables beside the key of fx-llm. */
  readonly environment?: Readonly<Record<string, string>>
  /** Whether long results of tools are kept. */
  readonly keepsResults?: boolean
  /** The folder where conversations are kept; they end with the server where it is absent. */
  readonly historyIn?: string
}

/** Writes a configuration and reads it, as a program would. */
export const writeConfig = async (
  directory: string,
  setup: Setup & { readonly llmUrl: string; readonly log: string }
) => {
  const { llmUrl, log, mcp = { tools: "echo,add,sleep,write" }, provider = "claude" } = setup
  const config = {
    extends: "preset:default@1",
    // Failures reach the client at once, unless a test is about asking again.
    model: { provider, retry: { attempts: 1 } },
    providers: {
      claude: { apiKey: "env:FX_KEY", baseUrl: llmUrl },
      openai: { apiKey: "env:FX_KEY", baseUrl: `${llmUrl}/v1` }
    },
    server: { port: 0, ...setup.server },
    ...(setup.historyIn === undefined ? {} : { history: { folder: setup.historyIn } }),
    servers:
      mcp === false ? {} : { fx: { enabled: true, transport: "stdio", env: {}, ...fxMcpCommand({ log, ...mcp }) } }
  }
  // JSON is YAML.
  await writeFile(`${directory}/signalbox.yaml`, JSON.stringify(config))
  return Effect.runPromise(
    loadConfig({
      file: undefined,
      directory,
      environment: {},
      flags: Object.entries(setup.config ?? {}).map(([path, value]) => ({ path: path.split("."), value, flag: path })),
      whenMissing: "fail"
    }).pipe(Effect.provide(nodePlatform))
  )
}

type Config = Awaited<ReturnType<typeof writeConfig>>

/** The server over a host of this configuration. */
export const serverLayer = (
  config: Config,
  environment: Setup["environment"] = {},
  resultStore?: HostSetup["resultStore"],
  conversationStore?: HostSetup["conversationStore"]
) =>
  SignalboxServer.layer(config.options.server).pipe(
    Layer.provideMerge(
      Host.layer({
        config,
        environment: { FX_KEY: "sk-canary-0123456789", ...environment },
        owner: undefined,
        cacheDirectory: undefined,
        cores: 2,
        startsAll: true,
        ...(resultStore === undefined ? {} : { resultStore }),
        ...(conversationStore === undefined ? {} : { conversationStore })
      })
    ),
    Layer.provide(nodePlatform)
  )

/** A line that the server logged. */
interface LoggedLine {
  readonly level: string
  readonly message: string
  readonly correlationId: string | undefined
  readonly requestId: unknown
}

/** A program has a log, and an id of its own that is none of its requests'. */
const program = (logged: Array<LoggedLine>) =>
  Layer.mergeAll(
    Layer.succeed(CorrelationId, "the-program"),
    Layer.succeed(References.MinimumLogLevel, "Debug"),
    Logger.layer([
      Logger.make(({ fiber, logLevel, message }) => {
        const requestId = fiber.getRef(References.CurrentLogAnnotations)["request_id"]
        logged.push({
          level: logLevel,
          message: String(message),
          correlationId: fiber.getRef(CorrelationId),
          requestId
        })
      })
    ])
  )

/** Starts everything; `await using` ends it. */
export const startServer = async (setup: Setup = {}) => {
  const directory = await tempDirectory()
  const log = directory.file("fx-mcp.log")
  const fxLlm = await startFxLlm(setup.script === undefined ? {} : { script: setup.script })
  const config = await writeConfig(directory.path, { ...setup, llmUrl: fxLlm.url, log })
  const logged: Array<LoggedLine> = []
  const results =
    setup.keepsResults === true
      ? await Effect.runPromise(Effect.provide(makeResultFiles(directory.file("results")), nodePlatform))
      : undefined
  const kept: ReturnType<typeof keptStores> =
    setup.historyIn === undefined ? Effect.succeed({}) : keptStores(config, {})
  const layer = Layer.unwrap(
    Effect.map(kept, ({ conversationStore }) => serverLayer(config, setup.environment, results, conversationStore))
  )
  const runtime = ManagedRuntime.make(layer.pipe(Layer.provide(nodePlatform), Layer.provideMerge(program(logged))))
  const { url } = await runtime.runPromise(SignalboxServer)
  const mcpLog = () => readFxMcpLog(log)
  return {
    url,
    fxLlm,
    runtime,
    client: new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 }),
    post: (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body
      }),
    logged,
    mcpLog,
    /** Waits for an event in the log of fx-mcp. */
    mcpEvent: (test: (event: FxMcpEvent) => boolean, description: string) =>
      waitFor(() => mcpLog().find(test), { description, state: () => JSON.stringify(mcpLog()) }),
    [Symbol.asyncDispose]: async () => {
      await runtime.dispose()
      await fxLlm.close()
      await directory[Symbol.asyncDispose]()
    }
  }
}

/** A tool of the caller, by the words of the Messages API. */
export const callerTool = (name: string): Anthropic.Tool => ({
  name,
  description: `The caller's ${name}.`,
  input_schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] }
})

/** A question, and no more than it needs. */
export const question = (text: string) => ({
  model: "claude-any",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: text }]
})

/** A question under a name that the upstream does not have: its answer is written here and not only handed on. */
export const aliased = (text: string) => ({ ...question(text), model: "claude/claude-any" })

/** The server-sent events of a body, in order. */
export const readEvents = (
  text: string
): ReadonlyArray<{ readonly event: string; readonly data: Record<string, unknown> }> =>
  text
    .split("\n\n")
    .filter((part) => part !== "")
    .map((part) => {
      const [event = "", data = ""] = part.split("\n")
      return { event: event.replace("event: ", ""), data: JSON.parse(data.replace("data: ", "")) }
    })

/** The kinds of blocks, in order. */
export const shape = (content: ReadonlyArray<{ readonly type: string }>) => content.map(({ type }) => type)

/** The call of a tool of the caller. */
export const toolUse = (message: Anthropic.Message): Anthropic.ToolUseBlock => {
  const found = message.content.find((block) => block.type === "tool_use")
  assert.isDefined(found)
  return found
}

/** What the upstream was asked with, in the words of its API. */
export const messagesOf = (body: unknown): ReadonlyArray<Record<string, unknown>> =>
  // fx-llm recorded a request of ours, which always has messages.
  (body as { readonly messages: ReadonlyArray<Record<string, unknown>> }).messages
