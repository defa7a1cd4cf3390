/**
 * Everything between a coding agent and its model, on loopback: fx-llm as the provider, `signalbox serve` with one fx-mcp
 * server, and the agent in a home and a project of its own, set up by what `signalbox` prints for it.
 */
import { type FxLlm, type FxMcpEvent, fxMcpCommand, readFxMcpLog, startFxLlm, tempDirectory } from "@signalbox/testing"
import { Effect } from "effect"
import { chmod, mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Agent } from "./Agent.ts"
import { type Program, startProgram } from "./startProgram.ts"

/** Which API the provider speaks. */
export type UpstreamKind = "messages" | "chat"

/** One way from an agent to a model. */
export interface Lane {
  readonly agent: Agent
  readonly upstream: UpstreamKind
  readonly llm: FxLlm
  readonly project: string
  /** What has reached the server of tools. */
  readonly toolLog: () => ReadonlyArray<FxMcpEvent>
  /** What `signalbox serve` has written. */
  readonly serverText: () => string
  /** Starts the agent with these words, as a shell does after `eval`. */
  readonly start: (words: ReadonlyArray<string>) => Program
}

/** What a lane is made of. */
export interface LaneParts {
  readonly agent: Agent
  readonly upstream: UpstreamKind
  /** Where the agent's program is. */
  readonly bin: string
  /** Variables of everything that is started. */
  readonly environment: Readonly<Record<string, string>>
}

const cli = fileURLToPath(new URL("../../../apps/cli/src/main.ts", import.meta.url))

const providerOf = (kind: UpstreamKind, url: string): object =>
  kind === "messages"
    ? { claude: { apiKey: "sk-canary-agents", baseUrl: url, model: "fx-model" } }
    : { openai: { apiKey: "sk-canary-agents", baseUrl: `${url}/v1`, model: "fx-model", api: "chat" } }

const writeConfig = async (file: string, { upstream }: LaneParts, url: string, toolLog: string): Promise<void> => {
  const server = fxMcpCommand({ tools: ["echo", "sleep"], log: toolLog })
  await writeFile(
    file,
    JSON.stringify({
      extends: "preset:default@1",
      // Coding agents bring tools of their own.
      tools: { enabled: [] },
      model: { provider: upstream === "messages" ? "claude" : "openai", retry: { firstDelay: "50 millis" } },
      providers: providerOf(upstream, url),
      logging: { level: "info", format: "json" },
      servers: { tools: { enabled: true, transport: "stdio", ...server, env: {} } }
    })
  )
}

const writeFiles = async (folder: string, { agent }: LaneParts): Promise<void> => {
  const command = join(folder, "bin", "signalbox")
  const files = {
    ...Object.fromEntries(Object.entries(agent.homeFiles ?? {}).map(([name, text]) => [join("home", name), text])),
    "bin/signalbox": `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`,
    "project/secret.txt": "The word is heron.\n"
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  await chmod(command, 0o755)
}

/** How long a server may take to stop by itself. */
const stopMillis = 15_000

const startServer = (words: ReadonlyArray<string>, cwd: string, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => startProgram(words, { cwd, env })),
    (program) =>
      Effect.promise(async () => {
        program.signal("SIGTERM")
        if (!(await program.endsWithin(stopMillis))) program.signal("SIGKILL")
        await program.ended
      })
  )

/** A lane for the length of the scope. */
export const openLane = Effect.fnUntraced(function* (parts: LaneParts) {
  const { agent, bin, environment, upstream } = parts
  const folder = yield* Effect.acquireDisposable(Effect.promise(() => tempDirectory("signalbox-agent-")))
  const llm = yield* Effect.acquireDisposable(Effect.promise(() => startFxLlm({ whenExhausted: "echo" })))
  const [config, log] = [folder.file("signalbox.yaml"), folder.file("tools.log")]
  yield* Effect.promise(async () => {
    await mkdir(folder.file("home"))
    await writeFiles(folder.path, parts)
    await writeConfig(config, parts, llm.url, log)
  })
  const [home, project] = [folder.file("home"), folder.file("project")]
  const { ALL_PROXY: _all, HTTP_PROXY: _http, HTTPS_PROXY: _https, ...plain } = environment
  const common = { HOME: home, TERM: "dumb", LANG: "C.UTF-8", SIGNALBOX_CONFIG: config }
  const path = [folder.file("bin"), bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(":")
  const server = yield* startServer(["signalbox", "serve", "--port", "0"], project, { ...plain, ...common, PATH: path })
  const [, url = ""] = yield* Effect.promise(() => server.says(/Listening on (http:\S+)/))
  const script = `eval "$(signalbox ${agent.environmentCommand} --url ${url}
)" && "$@"`
  const env = { ...environment, ...common, ...agent.quiet, PATH: path }
  return {
    agent,
    upstream,
    llm,
    project,
    toolLog: () => readFxMcpLog(log),
    serverText: server.text,
    start: (words) => startProgram(["sh", "-c", script, "sh", ...words], { cwd: project, env })
  } satisfies Lane
})
