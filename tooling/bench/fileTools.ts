/**
 * What the built-in file tools add to the bare calls of Node that do the same work: policy, checks on what is open,
 * and the limits of calls. Time on the processor for one call, over many calls in a row: what else the machine does would
 * count several times by the clock, once for each step that waits for a disk.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type JsonObject, localCall, resultText } from "@signalbox/model"
import { BuiltInTools, toolNames, toolsDefaults } from "@signalbox/tools"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { Effect, Layer } from "effect"
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, cpuMillisOf, medians } from "./measure.ts"
import { difference } from "./statistics.ts"

const callsInSample = 100
const node = Layer.mergeAll(NodeServices.layer, layerDirectFiles, layerWebAccess)

const perCall = (run: () => Promise<unknown>) => async () => (await cpuMillisOf(run)) / callsInSample

interface Compared {
  readonly name: string
  readonly baseline: () => Promise<unknown>
  readonly tool: string
  readonly input: JsonObject
}

const compare = async (
  { baseline, input, name, tool }: Compared,
  call: (tool: string, input: JsonObject) => Effect.Effect<unknown>
): Promise<BenchResult> => {
  const many = async () => {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let count = 0; count < callsInSample; count++) await baseline()
  }
  const rounds = await alternate({
    rounds: 25,
    warmUp: 8,
    baseline: perCall(many),
    candidate: perCall(() => Effect.runPromise(Effect.repeat(call(tool, input), { times: callsInSample - 1 })))
  })
  return {
    name,
    unit: "ms",
    measured: difference(rounds),
    budget: 0.15,
    rounds: rounds.length,
    detail: medians("bare ms", "tool ms", rounds)
  }
}

const makeFolder = async () => {
  const home = await realpath(await mkdtemp(join(tmpdir(), "bench-tools-")))
  const cwd = join(home, "work")
  await mkdir(cwd)
  const text = Array.from({ length: 40 }, (_, index) => `line ${index} of a file that is not long\n`).join("")
  await writeFile(join(cwd, "read.txt"), text)
  await writeFile(join(cwd, "edit.txt"), `${text}a\n`)
  await Promise.all(Array.from({ length: 50 }, (_, index) => writeFile(join(cwd, `file-${index}.ts`), "")))
  return { home, cwd, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) }
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  await using folder = await makeFolder()
  const { cwd, home } = folder
  const options = toolsDefaults({ cwd, stateFolder: join(home, "state") })
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
    const compared: ReadonlyArray<Compared> = [
      {
        name: "Read of 40 lines over readFile",
        baseline: () => readFile(join(cwd, "read.txt"), "utf8"),
        tool: "Read",
        input: { file_path: "read.txt" }
      },
      {
        name: "Edit of 40 lines over readFile and writeFile",
        baseline: async () => writeFile(edited, (await readFile(edited, "utf8")).replace("line 7 ", "line 7 ")),
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
      }
    ]
    return yield* Effect.forEach(compared, (one) => Effect.promise(() => compare(one, call)))
  })
  return await Effect.runPromise(measure.pipe(Effect.scoped, Effect.provide(node)))
}

export const fileToolsBench: Bench = { description: "built-in file tools over bare calls of Node", run }
