/**
 * One call from a shell, the whole process: `signalbox tools call` on one stdio server, over a bare JSON-RPC client
 * that does only what it must.
 */
import { fxMcpCommand, tempDirectory } from "@signalbox/testing"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Bench, BenchResult } from "./Bench.ts"
import { bundledCli } from "./bundledCli.ts"
import { alternate, medians, millisOf, runProcess } from "./measure.ts"
import { ratio } from "./statistics.ts"

const bareClient = fileURLToPath(new URL("bareClient.mjs", import.meta.url))

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const cli = await bundledCli()
  const { args, command } = fxMcpCommand({ tools: "echo" })
  await using folder = await tempDirectory("signalbox-bench-")
  const config = folder.file("signalbox.json")
  const fx = { enabled: true, transport: "stdio", command, args, env: {} }
  writeFileSync(config, JSON.stringify({ extends: "preset:default@1", servers: { fx } }))
  const call = [cli, "tools", "call", "fx", "echo", "text=hello", "--config", config]
  const rounds = await alternate({
    rounds: 30,
    warmUp: 3,
    baseline: () => millisOf(() => runProcess(process.execPath, [bareClient, command, ...args])),
    candidate: () => millisOf(() => runProcess(process.execPath, call))
  })
  return [
    {
      name: "signalbox tools call, bundled, whole process, over a bare JSON-RPC client",
      unit: "ratio",
      measured: ratio(rounds),
      budget: 2.2,
      rounds: rounds.length,
      detail: medians("bare ms", "signalbox ms", rounds)
    }
  ]
}

export const toolsCallBench: Bench = { description: "signalbox tools call, over a bare JSON-RPC client", run }
