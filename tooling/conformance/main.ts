/**
 * `npm run conformance [-- SCENARIO …]`: runs the client scenarios of the official suite against the host in
 * `client.ts`, for both revisions, on the loopback interface. Exit code 1 when one fails that is not expected to, or
 * passes although it is; optional ones count as well.
 */
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expectedFailures } from "./expectedFailures.ts"
import { clientScenarios, suiteFolder } from "./requirements.ts"

const revisions = ["2025-11-25", "2026-07-28"]
/** The suite would start all clients at once; on a small machine they then run into its time limit. */
const atOnce = 2
const clientMillis = 30_000
/** The suite itself ends after the client's limit; this is for a suite that hangs. */
const scenarioMillis = clientMillis + 15_000

const wanted = process.argv.slice(2)
const output = await mkdtemp(join(tmpdir(), "signalbox-conformance-"))

interface Outcome {
  readonly hasPassed: boolean
  readonly text: string
}

/** Runs one scenario in a process of its own. */
const runScenario = (scenario: string, revision: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, join(import.meta.dirname, "client.ts")].map((word) => `"${word}"`).join(" ")
    // Optional scenarios belong to no revision; without force the suite skips them, and calls that a success.
    const options = ["--command", command, "--scenario", scenario, "--spec-version", revision, "--force"]
    const suite = spawn(
      process.execPath,
      [join(suiteFolder, "dist", "index.js"), "client", ...options, "--timeout", String(clientMillis), "-o", output],
      { stdio: ["ignore", "pipe", "pipe"], timeout: scenarioMillis, killSignal: "SIGKILL" }
    )
    let text = ""
    for (const stream of [suite.stdout, suite.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part))
    suite.once("error", reject)
    suite.once("close", (code) => resolve({ hasPassed: code === 0 && text.includes("OVERALL: PASSED"), text }))
  })

/** What is wrong with an outcome, or nothing. */
const judge = ({ hasPassed, text }: Outcome, reason: string | undefined): string | undefined => {
  if (hasPassed) return reason === undefined ? undefined : `passes, although it is expected to fail: ${reason}`
  return reason === undefined ? `fails:\n${text.trim().split("\n").slice(-40).join("\n")}` : undefined
}

let problems = 0
const report = (line: string, isProblem: boolean): void => {
  if (isProblem) problems += 1
  process.stdout.write(`${isProblem ? "✗" : "✓"} ${line}\n`)
}

const runRevision = async (revision: string): Promise<void> => {
  const { reported, required } = clientScenarios(revision)
  const all = [...required, ...reported]
  const expected = expectedFailures[revision] ?? {}
  for (const scenario of Object.keys(expected).filter((name) => !all.includes(name))) {
    report(`${revision} ${scenario}: there is no such scenario`, true)
  }
  const queue = all.filter((scenario) => wanted.length === 0 || wanted.includes(scenario))
  const counts = { passed: 0, expected: 0 }
  const work = async (): Promise<void> => {
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) {
      const reason = expected[scenario]
      const outcome = await runScenario(scenario, revision)
      const problem = judge(outcome, reason)
      if (problem !== undefined) report(`${revision} ${scenario} ${problem}`, true)
      else if (outcome.hasPassed) {
        counts.passed += 1
        report(`${revision} ${scenario}`, false)
      } else {
        counts.expected += 1
        report(`${revision} ${scenario} fails as expected: ${reason}`, false)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  process.stdout.write(
    `${revision}: ${counts.passed} pass, ${counts.expected} fail as expected; ${required.length} are required\n`
  )
}

try {
  for (const revision of revisions) await runRevision(revision)
} finally {
  await rm(output, { recursive: true, force: true })
}
process.exit(problems === 0 ? 0 : 1)
