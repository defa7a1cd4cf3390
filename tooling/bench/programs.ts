/**
 * Programs that benchmarks of the HTTP server ask: each a process of its own, as it is in life, found by the URL that
 * it prints.
 */
import { tempDirectory } from "@signalbox/testing"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bundledCli } from "./bundledCli.ts"

/** A program that listens. */
export interface Program {
  readonly url: string
  readonly pid: number
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const urlIn = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ""
    const hear = (part: Buffer) => {
      if (said.length > 100_000) return
      said += part.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (url !== undefined) resolve(url)
    }
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    child.on("exit", (code) => reject(new Error(`The program ended with ${code}: ${said}`)))
  })

/** Runs Node with these arguments. */
const startNode = async (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): Promise<Program> => {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env })
  const ended = once(child, "exit")
  const url = await urlIn(child)
  return {
    url,
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM")
      await ended
    }
  }
}

const inBench = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** fx-llm, which answers as this script says. */
export const startUpstream = async (script: object): Promise<Program> => {
  await using folder = await tempDirectory("signalbox-bench-")
  const file = folder.file("script.json")
  writeFileSync(file, JSON.stringify(script))
  return await startNode([inBench("../../packages/testing/src/bin/fxLlm.ts"), "--script", file])
}

/** The least that a proxy can do. */
export const startFloor = (upstream: string): Promise<Program> => startNode([inBench("floorProxy.mjs"), upstream])

/** `signalbox serve`, bundled, over this upstream; its log, at the level that is usual, is read and forgotten. */
export const startSignalbox = async (
  upstream: string,
  { provider = "claude" }: { readonly provider?: "claude" | "openai" } = {}
): Promise<Program> => {
  const cli = await bundledCli()
  const folder = await tempDirectory("signalbox-bench-")
  const config = folder.file("signalbox.json")
  const baseUrl = provider === "claude" ? upstream : `${upstream}/v1`
  writeFileSync(
    config,
    JSON.stringify({
      extends: "preset:default@1",
      // A Claude upstream is asked for what the client names, and nothing need be rewritten.
      model: provider === "claude" ? { provider } : { provider, name: "fx-model" },
      providers: { [provider]: { apiKey: "env:FX_KEY", baseUrl } },
      servers: {}
    })
  )
  const program = await startNode([cli, "serve", "--port", "0", "--no-control", "--config", config], {
    ...process.env,
    FX_KEY: "sk-bench"
  })
  return {
    ...program,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    }
  }
}
