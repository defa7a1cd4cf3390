/**
 * Connecting to n servers at the same time over connecting to them one after the other. What waits gets faster by
 * the number of servers; what keeps a processor busy only as far as there are processors.
 */
import { ServerOrchestrator } from "@signalbox/orchestrator"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect } from "effect"
import type { Bench, BenchResult } from "./Bench.ts"
import { alternate, medians } from "./measure.ts"
import { orchestrate, stdioServer } from "./orchestrate.ts"
import { ratio } from "./statistics.ts"

/** How long a server waits after its program has loaded, as for a network, in milliseconds. */
const wait = 300
const rounds = 5

/** From nothing to `count` running servers, at most `limit` of them under way at once. Milliseconds. */
const connect = (count: number, limit: number, startupDelay: number): Promise<number> => {
  const { args, command } = fxMcpCommand({ startupDelay })
  const servers = Array.from({ length: count }, (_, index) => stdioServer(`s${index}`, command, args))
  return Effect.runPromise(
    Effect.gen(function* () {
      const orchestrator = yield* ServerOrchestrator
      const started = process.hrtime.bigint()
      yield* orchestrator.startAll
      return Number(process.hrtime.bigint() - started) / 1e6
    }).pipe(Effect.scoped, Effect.provide(orchestrate(servers, false, limit)))
  )
}

const compare = async (count: number, startupDelay: number) => {
  const measured = await alternate({
    rounds,
    warmUp: 1,
    baseline: () => connect(count, 1, startupDelay),
    candidate: () => connect(count, count, startupDelay)
  })
  return { measured: ratio(measured), detail: medians("sequential ms", "concurrent ms", measured) }
}

const run = async (): Promise<ReadonlyArray<BenchResult>> => {
  const results: Array<BenchResult> = []
  for (const count of [2, 3, 5, 10]) {
    results.push({
      name: `connecting to ${count} servers that wait ${wait} ms at once, over one after the other`,
      unit: "ratio",
      ...(await compare(count, wait)),
      // Nine tenths of what is possible: 1 - 1/n of the time.
      budget: Math.round((1 - 0.9 * (1 - 1 / count)) * 100) / 100,
      rounds
    })
  }
  for (const count of [2, 5]) {
    results.push({
      name: `connecting to ${count} servers that wait for nothing at once, over one after the other`,
      unit: "ratio",
      ...(await compare(count, 0)),
      rounds
    })
  }
  return results
}

export const connectBench: Bench = { description: "connecting to many servers at once, over one by one", run }
