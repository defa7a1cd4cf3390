#!/usr/bin/env node
// The entry of `signalbox`. It answers `--version` by itself, because loading everything else takes ten times as long.
import { enableCompileCache } from "node:module"
import { version } from "./version.ts"

if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-v")) {
  process.stdout.write(`signalbox v${version}\n`)
} else {
  // Compiled code is kept in the system's folder for temporary files: the next start takes half as long.
  enableCompileCache()
  const { runCli } = await import("./runCli.ts")
  runCli(process.argv.slice(2))
}
