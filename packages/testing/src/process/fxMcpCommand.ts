/**
 * Starts fx-mcp from tests: as a command for a host to spawn, or as a running HTTP server. The same code works from `src` in
 * a workspace and from `dist` when published, since it asks for its own file's ending.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { flagArguments, type FxMcpFlags } from "../mcp/flags.ts"

/** The command that runs fx-mcp with these flags under the Node that runs now. */
export const fxMcpCommand = (flags: FxMcpFlags = {}): { readonly command: string; readonly args: Array<string> } => ({
  command: process.execPath,
  args: [...startFast(), binFile("fxMcp"), ...flagArguments(flags)]
})

/**
 * Reading TypeScript costs Node 60 ms per start. From `src`, its compile cache (in this package's node_modules) saves them,
 * so that a test sees the start-up time of the published program: 1.5 times a bare Node.
 */
const startFast = (): Array<string> => {
  if (!import.meta.url.endsWith(".ts")) return []
  const cache = fileURLToPath(new URL("../../node_modules/.cache/fx-mcp", import.meta.url))
  const program = `import { enableCompileCache } from "node:module"; enableCompileCache(${JSON.stringify(cache)})`
  return ["--import", `data:text/javascript,${encodeURIComponent(program)}`]
}

/** A file of `bin` beside this one, with the ending of this one. */
const binFile = (name: string): string => {
  const here = import.meta.url
  return fileURLToPath(new URL(`../bin/${name}${here.slice(here.lastIndexOf("."))}`, here))
}

/** An fx-mcp that serves HTTP in a process of its own. */
export interface FxMcpHttp {
  readonly url: string
  readonly pid: number
  /** What it wrote to stderr so far. */
  readonly stderr: () => string
  /** Resolves with the exit code, or with the name of the signal. */
  readonly exited: Promise<number | string>
  /** Ends it with SIGKILL and waits for the end. */
  readonly close: () => Promise<void>
  /** Closes: `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts fx-mcp on HTTP (`http: 0` unless given) and waits until it listens. It never outlives this process. */
export const startFxMcpHttp = async (
  flags: FxMcpFlags = {},
  env: NodeJS.ProcessEnv = process.env
): Promise<FxMcpHttp> => {
  const { command, args } = fxMcpCommand({ http: 0, exitOnEof: true, ...flags })
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env })
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text))
  const exited = new Promise<number | string>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => resolve(code ?? signal ?? 0))
  })
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, "line"), exited])
  if (!Array.isArray(first)) throw new Error(`fx-mcp ended (${first}) before it listened: ${errors}`)
  // Its first line is the one that `serveHttp` prints.
  const { url, pid } = JSON.parse(String(first[0])) as { readonly url: string; readonly pid: number }
  const close = async () => {
    child.kill("SIGKILL")
    await exited
  }
  return { url, pid, stderr: () => errors, exited, close, [Symbol.asyncDispose]: close }
}
