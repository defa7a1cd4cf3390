/**
 * How fast the program is there at all: `signalbox --version`, over a Node that does nothing.
 */
import type { Bench, BenchResult } from "./Bench.ts"
import { bundledCli } from "./bundledCli.ts"
import { alternate, medians, millisOf, runProcess } from "./measure.ts"
import { ratio } from "./statistics.ts"

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const cli = await bundledCli()
  const rounds = await alternate({
    rounds: 60,
    warmUp: 5,
    baseline: () => millisOf(() => runProcess(process.execPath, ["-e", "0"])),
    candidate: () => millisOf(() => runProcess(process.execPath, [cli, "--version"]))
  })
  return [
    {
      name: "signalbox --version, bundled, over node -e 0",
      unit: "ratio",
      measured: ratio(rounds),
      budget: 1.5,
      rounds: rounds.length,
      detail: medians("node ms", "signalbox ms", rounds)
    }
  ]
}

export const versionBench: Bench = { description: "signalbox --version, over node -e 0", run }
