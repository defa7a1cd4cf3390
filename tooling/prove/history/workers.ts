/**
 * Starts the processes of the proofs about kept conversations, from a bundle that Node has compiled before: from its sources
 * each would take eight times as long.
 */
import { build } from "esbuild"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { markOf } from "../servers.ts"

/** A process and what it has said so far. */
export interface Worker {
  readonly process: ChildProcess
  readonly lines: ReadonlyArray<string>
  /** The first line that fits, as soon as there is one; nothing when the process ends without. */
  readonly said: (fits: (line: string) => boolean) => Promise<string | undefined>
  readonly ended: Promise<unknown>
}

/** Bundles the worker into the folder, and answers with what starts one. */
export const workersIn = (folder: string, mark: string) =>
  Effect.promise(async () => {
    const outfile = join(folder, "worker.mjs")
    await build({
      entryPoints: [join(import.meta.dirname, "worker.ts")],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      target: "node22",
      external: ["redis"],
      logLevel: "error",
      // Some dependencies are CommonJS inside and ask for Node's own modules by `require`.
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
      }
    })
    const env = { ...process.env, ...markOf(mark), NODE_COMPILE_CACHE: join(folder, "compiled") }
    // Only a process that ends by itself keeps what was compiled for it.
    await once(spawn(process.execPath, [outfile, "none"], { stdio: "ignore", env }), "close")
    return (...args: ReadonlyArray<string>): Worker => {
      const child = spawn(process.execPath, [outfile, ...args], { stdio: ["pipe", "pipe", "inherit"], env })
      const lines: Array<string> = []
      const reader = createInterface(child.stdout)
      const ended = once(child, "close")
      reader.on("line", (line) => lines.push(line))
      return {
        process: child,
        lines,
        ended,
        said: async (fits) => {
          const over = ended.then(() => true)
          while (!lines.some(fits)) {
            if (await Promise.race([once(reader, "line").then(() => false), over])) break
          }
          return lines.find(fits)
        }
      }
    }
  })

/** Starts a worker. */
export type StartWorker = Effect.Success<ReturnType<typeof workersIn>>
