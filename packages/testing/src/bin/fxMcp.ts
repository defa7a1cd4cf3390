#!/usr/bin/env node
/** The process `fx-mcp`: reads its flags and serves on stdio or HTTP. */
import { setTimeout as sleep } from "node:timers/promises"
import { FlagError, parseFlags } from "../mcp/flags.ts"
import { beginLife } from "../mcp/lifecycle.ts"
import { makeMcpServer } from "../mcp/McpServer.ts"
import { serveStdio } from "../mcp/stdio.ts"

const main = async (args: ReadonlyArray<string>): Promise<void> => {
  if (args.includes("--help") || args.includes("-h")) {
    const { helpText } = await import("../mcp/help.ts")
    process.stdout.write(helpText())
    return
  }
  const flags = parseFlags(args)
  const server = makeMcpServer(beginLife(flags))
  if (flags.startupDelay !== undefined) await sleep(flags.startupDelay)
  if (flags.http === undefined) return serveStdio(server)
  // Loaded only when needed: the stdio server starts faster without node:http.
  const { serveHttp } = await import("../mcp/http.ts")
  await serveHttp(server)
}

main(process.argv.slice(2)).catch((cause: unknown) => {
  process.stderr.write(`fx-mcp: ${cause instanceof FlagError ? cause.message : String(cause)}\n`)
  process.exitCode = cause instanceof FlagError ? 2 : 1
})
