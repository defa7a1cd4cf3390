/**
 * What the built-in tools add to the bare calls of Node that do the same work (a file is written beside its place and takes its
 * name): policy, checks on what is open, and the limits of calls. What commands and pages cost beyond that is only reported: there
 * the process and the network are most of it. Time on the processor for one call, over many calls in a row: what else the machine
 * does would count several times by the clock, once for each step that waits for a disk.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type JsonObject, localCall, resultText } from "@signalbox/model"
import { BuiltInTools, toolNames, toolsDefaults } from "@signalbox/tools"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises"
import { createServer, get, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { promisify } from "node:util"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, cpuMillisOf, medians } from "./measure.ts"
import { difference } from "./statistics.ts"

/** Calls in one sample. */
const callsInSample = 100
const slowCallsInSample = 10
const node = Layer.mergeAll(NodeServices.layer, layerDirectFiles, layerWebAccess)

interface Compared {
  readonly name: string
  readonly baseline: () => Promise<unknown>
  readonly tool: string
  readonly input: JsonObject
  /** Only reported, and not called as often. */
  readonly isSlow?: boolean
}

const compare = async (
  { baseline, input, isSlow = false, name, tool }: Compared,
  call: (tool: string, input: JsonObject) => Effect.Effect<unknown>
): Promise<BenchResult> => {
  const calls = isSlow ? slowCallsInSample : callsInSample
  const many = async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let count = 0; count < calls; count++) await baseline()
  }
  const perCall = (run: () => Promise<unknown>) => async () => (await cpuMillisOf(run)) / calls
  const rounds = await alternate({
    rounds: 25,
    warmUp: 8,
    baseline: perCall(many),
    candidate: perCall(() => Effect.runPromise(Effect.repeat(call(tool, input), { times: calls - 1 })))
  })
  return {
    name,
    unit: "ms",
    measured: difference(rounds),
    ...(isSlow ? {} : { budget: 0.15 }),
    rounds: rounds.length,
    detail: medians("bare ms", "tool ms", rounds)
  }
}

const replaceFile = async (file: string, text: string) => {
  await writeFile(`${file}.draft`, text)
  await rename(`${file}.draft`, file)
}

const makeFolder = async () => {
  const home = await realpath(await mkdtemp(join(tmpdir(), "bench-tools-")))
  const cwd = join(home, "work")
  await mkdir(cwd)
  const text = Array.from({ length: 40 }, (_, index) => `line ${index} of a file that is not long\n`).join("")
  await writeFile(join(cwd, "read.txt"), text)
  await writeFile(join(cwd, "edit.txt"), `${text}a\n`)
  await Promise.all(Array.from({ length: 50 }, (_, index) => writeFile(join(cwd, `file-${index}.ts`), "")))
  await writeFile(join(home, "todos.json"), JSON.stringify([{ content: "write it down", status: "pending", id: "1" }]))
  return { home, cwd, text, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) }
}

const page = `<html><body><h1>A page</h1>${"<p>with some <b>words</b></p>".repeat(40)}</body></html>`

const startSite = async () => {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  // It listens on a port.
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: () => promisify(server.close.bind(server))() }
}

const readPage = async (url: string) => {
  const [answer] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage]
  return text(answer)
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  await using folder = await makeFolder()
  const { cwd, home } = folder
  const defaults = toolsDefaults({ cwd, stateFolder: join(home, "state") })
  await using site = await startSite()
  const options = {
    ...defaults,
    urls: { ...defaults.urls, allowAddresses: ["127.0.0.0/8"], ports: [site.port] }
  }
  const limits = { ...options.limits, rate: { limit: 1_000_000, per: "1 second" as const } }
  const measure = Effect.gen(function* () {
    const { toolbox } = yield* BuiltInTools.make({ ...options, enabled: toolNames, limits })
    const call = (tool: string, input: JsonObject) =>
      toolbox.call(tool, input, localCall()).pipe(
        Effect.orDie,
        Effect.flatMap((result) =>
          result.isError ? Effect.die(new Error(resultText(result))) : Effect.succeed(result)
        )
      )
    const edited = join(cwd, "edit.txt")
    const todos = join(home, "todos.json")
    const compared: ReadonlyArray<Compared> = [
      {
        name: "Read of 40 lines over readFile",
        baseline: () => readFile(join(cwd, "read.txt"), "utf8"),
        tool: "Read",
        input: { file_path: "read.txt" }
      },
      {
        name: "Edit of 40 lines over readFile, writeFile and rename",
        baseline: async () => replaceFile(edited, (await readFile(edited, "utf8")).replace("line 7 ", "line 7 ")),
        tool: "MultiEdit",
        input: {
          file_path: "edit.txt",
          edits: [
            { old_string: "line 7 ", new_string: "line seven " },
            { old_string: "line seven ", new_string: "line 7 " }
          ]
        }
      },
      {
        name: "Glob of 50 files over readdir",
        baseline: () => readdir(cwd),
        tool: "Glob",
        input: { pattern: "*.ts" }
      },
      {
        name: "Write of 40 lines over writeFile and rename",
        baseline: () => replaceFile(join(cwd, "written.txt"), folder.text),
        tool: "Write",
        input: { file_path: "written.txt", content: folder.text }
      },
      {
        name: "TodoWrite over readFile, writeFile and rename",
        baseline: async () => replaceFile(todos, await readFile(todos, "utf8")),
        tool: "TodoWrite",
        input: { todos: [{ content: "write it down", status: "pending", id: "1" }] },
        isSlow: true
      },
      {
        name: "Bash over spawn, what the child itself takes left out",
        baseline: () => promisify(execFile)("/bin/sh", ["-c", "true"]),
        tool: "Bash",
        input: { command: "true" },
        isSlow: true
      },
      {
        name: "WebFetch of a page of this machine over http.get",
        baseline: () => readPage(site.url),
        tool: "WebFetch",
        input: { url: site.url },
        isSlow: true
      }
    ]
    return yield* Effect.forEach(compared, (one) => Effect.promise(() => compare(one, call)))
  })
  return await Effect.runPromise(measure.pipe(Effect.scoped, Effect.provide(node)))
}

export const builtInsBench: Bench = { description: "built-in tools over bare calls of Node", run }
