/** Speaks to fx-mcp over pipes line by line, so that tests see the very bytes that a fault produces. */
import { spawn } from "node:child_process"
import { fxMcpCommand, type FxMcpFlags, waitFor } from "@signalbox/testing"

export type Message = Readonly<Record<string, unknown>>

/** A spawned fx-mcp and everything it wrote. Disposing kills it. */
export const startRaw = (flags: FxMcpFlags, env: NodeJS.ProcessEnv = {}) => {
  const { command, args } = fxMcpCommand(flags)
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } })
  const chunks: Array<Buffer> = []
  let errors = ""
  let stdoutEnded = false
  let ended: number | string | undefined
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
  child.stdout.on("end", () => (stdoutEnded = true))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text))
  child.on("exit", (code, signal) => (ended = code ?? signal ?? "?"))
  child.stdin.on("error", () => {})
  let lastId = 0
  const text = () => Buffer.concat(chunks).toString("utf8")
  const messages = () => text().split("\n").map(parse)
  const send = (message: object) => void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
  const request = (method: string, params: object = {}) => {
    lastId += 1
    send({ id: lastId, method, params })
    return lastId
  }
  const answer = (id: unknown): Promise<Message> =>
    waitFor(
      () =>
        messages().find((message) => message !== undefined && message["id"] === id && message["method"] === undefined),
      {
        description: `the answer ${String(id)}`,
        state: () => `${text().slice(-500)} | stderr: ${errors.slice(-500)} | ended: ${ended}`
      }
    )
  const ask = (method: string, params: object = {}) => answer(request(method, params))
  return {
    child,
    text,
    bytes: () => Buffer.concat(chunks),
    messages: () => messages().filter((message) => message !== undefined),
    stderr: () => errors,
    stdoutEnded: () => stdoutEnded,
    send,
    request,
    answer,
    ask,
    call: (name: string, input: object = {}) => ask("tools/call", { name, arguments: input }),
    initialize: (protocolVersion = "2025-11-25") =>
      ask("initialize", { protocolVersion, capabilities: {}, clientInfo: {} }),
    ended: () =>
      waitFor(() => (ended === undefined ? undefined : [ended]), { description: "the end of fx-mcp" }).then(
        ([end]) => end
      ),
    hasEnded: () => ended !== undefined,
    [Symbol.dispose]: () => void child.kill("SIGKILL")
  }
}

const parse = (line: string): Message | undefined => {
  try {
    return JSON.parse(line) as Message
  } catch {
    return undefined
  }
}
