/**
 * What benchmarks have in common: the clock, the processor, and rounds in which baseline and candidate take turns
 * at being first, so that whatever else the machine does hits both alike.
 */
import { spawn } from "node:child_process"
import { median, type Round } from "./statistics.ts"

/** By the clock, in milliseconds. */
export const millisOf = async (run: () => Promise<unknown>): Promise<number> => {
  const started = process.hrtime.bigint()
  await run()
  return Number(process.hrtime.bigint() - started) / 1e6
}

/** The time that this process spent on a processor meanwhile, in milliseconds. */
export const cpuMillisOf = async (run: () => Promise<unknown>): Promise<number> => {
  const started = process.cpuUsage()
  await run()
  const { system, user } = process.cpuUsage(started)
  return (user + system) / 1000
}

/** Rounds after `warmUp` others that do not count. */
export const alternate = async (options: {
  readonly rounds: number
  readonly warmUp: number
  readonly baseline: () => Promise<number>
  readonly candidate: () => Promise<number>
}): Promise<ReadonlyArray<Round>> => {
  const { baseline, candidate } = options
  const results: Array<Round> = []
  for (let round = -options.warmUp; round < options.rounds; round++) {
    const isEven = round % 2 === 0
    const first = await (isEven ? baseline() : candidate())
    const second = await (isEven ? candidate() : baseline())
    if (round >= 0)
      results.push(isEven ? { baseline: first, candidate: second } : { baseline: second, candidate: first })
  }
  return results
}

/** The medians behind a figure, under the names of what was measured. */
export const medians = (baseline: string, candidate: string, rounds: ReadonlyArray<Round>) => ({
  [baseline]: median(rounds.map((round) => round.baseline)),
  [candidate]: median(rounds.map((round) => round.candidate))
})

/** A whole process, from its start to the end of its output. Rejects unless it succeeds. */
export const runProcess = (command: string, args: ReadonlyArray<string>, cwd?: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.resume()
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${[command, ...args].join(" ")} ended with ${code}`))
    )
  })
