/**
 * `npm run bench -- NAME [--json]`: runs one benchmark and prints ratios to a baseline of the same run.
 * Exit code 1 when the bad end of an interval misses its budget.
 */
import { parseArgs } from "node:util"
import { type Bench, isWithinBudget } from "./Bench.ts"
import { appendBench } from "./append.ts"
import { builtInsBench } from "./builtIns.ts"
import { callBench } from "./call.ts"
import { connectBench } from "./connect.ts"
import { forwardBench } from "./forward.ts"
import { poolBench } from "./pool.ts"
import { recoveryBench } from "./recovery.ts"
import { reuseBench } from "./reuse.ts"
import { startBench } from "./start.ts"
import { streamMemoryBench } from "./streamMemory.ts"
import { tokensBench } from "./tokens.ts"
import { toolsCallBench } from "./toolsCall.ts"
import { translateBench } from "./translate.ts"
import { turnBench } from "./turn.ts"
import { versionBench } from "./version.ts"

const benches: Readonly<Record<string, Bench>> = {
  append: appendBench,
  "built-ins": builtInsBench,
  call: callBench,
  connect: connectBench,
  forward: forwardBench,
  pool: poolBench,
  recovery: recoveryBench,
  reuse: reuseBench,
  start: startBench,
  "stream-memory": streamMemoryBench,
  tokens: tokensBench,
  "tools-call": toolsCallBench,
  translate: translateBench,
  turn: turnBench,
  version: versionBench
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } }
})
const [name = ""] = positionals
const bench = benches[name]
if (bench === undefined) {
  const known = Object.entries(benches).map(([key, { description }]) => `  ${key.padEnd(15)}${description}`)
  process.stderr.write(`Usage: npm run bench -- NAME [--json]\n\n${known.join("\n")}\n`)
  process.exit(2)
}
const results = await bench.run()
if (values.json) {
  const judged = results.map((result) => ({ ...result, isWithinBudget: isWithinBudget(result) }))
  process.stdout.write(`${JSON.stringify(judged)}\n`)
} else {
  for (const result of results) {
    const { high, low, value } = result.measured
    const unit = result.unit === "ratio" ? "×" : ` ${result.unit}`
    const budget =
      result.budget === undefined
        ? ""
        : `, budget ≤ ${result.budget}${unit}: ${isWithinBudget(result) ? "met" : "MISSED"}`
    process.stdout.write(
      `${result.name}: ${value.toFixed(2)}${unit} [${low.toFixed(2)}, ${high.toFixed(2)}]${budget} (${result.rounds} rounds)\n`
    )
    const detail = Object.entries(result.detail).map(([key, number]) => `${key} ${number.toFixed(2)}`)
    process.stdout.write(`  ${detail.join(", ")}\n`)
  }
}
process.exit(results.every(isWithinBudget) ? 0 : 1)
