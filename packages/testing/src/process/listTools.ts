/**
 * The tools of a real MCP server over stdio, asked without any SDK: for tests that need what a server lists and nothing else.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

/** How to start the server. */
export interface ServerCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A tool as the server lists it: `name`, `inputSchema`, and whatever else it says. */
export type ListedTool = {
  readonly [key: string]: unknown
  readonly name: string
  readonly inputSchema: Record<string, unknown>
}

interface Answer {
  readonly id?: number
  readonly result?: { readonly tools?: ReadonlyArray<ListedTool>; readonly nextCursor?: string }
  readonly error?: { readonly message: string }
}

/** Starts the server, lists its tools over all pages, and ends it. Rejects when it exits or answers with an error. */
export const listTools = async (server: ServerCommand): Promise<ReadonlyArray<ListedTool>> => {
  const child = spawn(server.command, [...server.args], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...server.env },
    cwd: server.cwd
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const send = (message: Record<string, unknown>) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
  const ask = async (
    id: number,
    method: string,
    params: Record<string, unknown>
  ): Promise<NonNullable<Answer["result"]>> => {
    send({ id, method, params })
    for (let line = await answers.next(); line.done !== true; line = await answers.next()) {
      if (!line.value.startsWith("{")) continue
      const answer = JSON.parse(line.value) as Answer
      if (answer.id !== id) continue
      if (answer.result === undefined) throw new Error(`${method}: ${answer.error?.message ?? "no result"}`)
      return answer.result
    }
    throw new Error(`${[server.command, ...server.args].join(" ")} ended before it answered ${method}.`)
  }
  child.on("error", () => child.stdout.destroy())
  try {
    const clientInfo = { name: "signalbox-testing", version: "0" }
    await ask(1, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo })
    send({ method: "notifications/initialized" })
    const tools: Array<ListedTool> = []
    let cursor: string | undefined
    for (let id = 2; ; id++) {
      const page = await ask(id, "tools/list", cursor === undefined ? {} : { cursor })
      tools.push(...(page.tools ?? []))
      cursor = page.nextCursor
      if (cursor === undefined) return tools
    }
  } finally {
    child.kill("SIGKILL")
  }
}
