/**
 * `npm run prove -- NAME [--scale n] [--seed s] [--json | --markdown]`: tries at length what the runtime promises. NAME may be `all`.
 * Exit code 1 when a claim does not hold. The same seed gives the same run.
 */
import { parseArgs } from "node:util"
import { appendsProof } from "./appends.ts"
import { cancelProof } from "./cancel.ts"
import { chaosProof } from "./chaos.ts"
import { codingAgentsProof } from "./codingAgents.ts"
import { coldStartProof } from "./coldStart.ts"
import { faultsProof } from "./faults.ts"
import { isolationProof } from "./isolation.ts"
import { killProof } from "./kill.ts"
import { leaksProof } from "./leaks.ts"
import { leaveProof } from "./leave.ts"
import { loadProof } from "./load.ts"
import { messagesProof } from "./messages.ts"
import { type Proof, realParts } from "./Proof.ts"
import { prove } from "./prove.ts"
import { holds, markdown, type Report, reportText } from "./report.ts"
import { shutdownProof } from "./shutdown.ts"
import { stopProof } from "./stop.ts"
import { upstreamProof } from "./upstream.ts"

const proofs: Readonly<Record<string, Proof>> = {
  cancel: cancelProof,
  leave: leaveProof,
  stop: stopProof,
  chaos: chaosProof,
  "cold-start": coldStartProof,
  shutdown: shutdownProof,
  leaks: leaksProof,
  isolation: isolationProof,
  faults: faultsProof,
  messages: messagesProof,
  upstream: upstreamProof,
  load: loadProof,
  kill: killProof,
  appends: appendsProof,
  "coding-agents": codingAgentsProof
}

const usage = (): string => {
  const known = Object.entries(proofs).map(([key, { description }]) => `  ${key.padEnd(15)}${description}`)
  return `Usage: npm run prove -- NAME [--scale n] [--seed s] [--json | --markdown]\n\n${known.join("\n")}\n  all            one after the other\n`
}

const readCommand = () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      scale: { type: "string", default: "1" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false }
    }
  })
  const [name = ""] = positionals
  const scale = Number(values.scale)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(values.seed)
  const all = Object.keys(proofs).filter((key) => proofs[key]?.isApart !== true)
  const chosen = name === "all" ? all : Object.keys(proofs).filter((key) => key === name)
  if (chosen.length === 0 || !(scale > 0) || !Number.isSafeInteger(seed)) {
    process.stderr.write(usage())
    process.exit(2)
  }
  return { chosen, scale, seed, form: values.json ? "json" : values.markdown ? "markdown" : "text" } as const
}

const { chosen, form, scale, seed } = readCommand()
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
const say = (line: string) => void process.stderr.write(`${line}\n`)

const reports: Array<Report> = []
for (const name of chosen) {
  const proof = proofs[name]
  if (proof === undefined || stop.signal.aborted) continue
  say(`${name}: ${proof.description} (scale ${scale}, seed ${seed})`)
  const from = performance.now()
  const result = await prove(proof, { scale, seed, say: (line) => say(`  ${line}`), parts: realParts }, stop.signal)
  const report = { name, scale, seed, seconds: (performance.now() - from) / 1000, ...result }
  reports.push(report)
  if (form === "text") process.stdout.write(`${reportText(report)}\n`)
  if (form === "markdown") {
    const { table = [], ...rest } = report
    if (table.length > 0) process.stdout.write(`${markdown(report)}\n`)
    say(reportText(rest))
  }
}
if (form === "json") process.stdout.write(`${JSON.stringify(reports)}\n`)
process.exit(reports.length === chosen.length && reports.every(holds) ? 0 : 1)
