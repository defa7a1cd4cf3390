// The rules of CONTRIBUTING that no linter knows: what sources must not contain. Most are about libraries; apps own the
// process. A file that adapts a foreign API may break the rules that it is listed with.
// `node houseRules.mjs [FOLDER]` looks at another project than this one.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = process.argv[2] === undefined ? dirname(dirname(fileURLToPath(import.meta.url))) : resolve(process.argv[2])

const rules = {
  async: {
    pattern: /\basync\b|(?<![.\w])await\b/,
    why: "use Effect; Promises belong into the one file that adapts a foreign API"
  },
  throw: { pattern: /^\s*throw\b/, why: "fail with a typed error" },
  try: { pattern: /^\s*try \{/, why: "use Effect.try, or say in the list of this script which foreign API throws" },
  process: {
    pattern: /\bprocess\.(env|cwd|platform|exit\(|argv|std(in|out|err)\.)/,
    why: "take it as an option; apps read the process"
  },
  clock: {
    pattern: /\bDate\.now\(|\bnew Date\(\)|performance\.now\(/,
    why: "use Clock or DateTime, so that TestClock works",
    isForApps: true
  },
  random: { pattern: /\bMath\.random\(/, why: "use Random", isForApps: true },
  detached: {
    pattern: /\bforkDetach\b/,
    why: "fork into a scope; a detached fiber outlives its owner",
    isForApps: true
  },
  ignored: {
    pattern: /\bEffect\.ignore(Cause)?\b/,
    why: "say in a comment above why the failure does not matter",
    isForApps: true,
    isAllowedBy: (lines, index) => /\/\/ \S/.test(`${lines[index - 1] ?? ""} ${lines[index]}`)
  },
  mock: { pattern: /\bvi\.mock\b/, why: "provide another Layer", isForApps: true },
  outcome: {
    pattern: /\b(?:Outcome|OutcomeOf|toOutcome)\b/,
    why: "fail in the error channel; an Outcome hides failures from retries and breakers, it is for edges"
  },
  typeExport: {
    pattern: /^export \{ type \w+(, type \w+)* \} from/,
    why: "write `export type { … }`: otherwise Node loads the module for nothing",
    isForApps: true
  },
  defaultExport: { pattern: /^export default\b/, why: "export by name", isForApps: true }
}

// Per file: the rules that it may break, because of what it adapts.
const allowed = [
  [/^packages\/testing\//, Object.keys(rules)],
  [/^packages\/host\/src\/node\//, ["async", "try", "process", "outcome"]],
  [/^packages\/errors\/src\/(Outcome|index)\.ts$/, ["outcome"]],
  [/^packages\/tools\/src\/node\//, ["process"]],
  [/^packages\/mcp\/src\/sdk\.ts$/, ["async"]],
  // Connections that failed are closed behind the caller's back; the pool's own finalizer waits for these fibers.
  [/^packages\/resilience\/src\/connectionOpener\.ts$/, ["detached"]],
  // JSON.parse throws, and there is no Effect around these pure functions.
  [/^packages\/model\/src\/(foldEvents|offline\/literals)\.ts$/, ["try"]],
  [/^packages\/host\/src\/config\/serversVariable\.ts$/, ["try"]]
]

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "packages", "apps"], {
  cwd: root,
  encoding: "utf8"
})
  .split("\n")
  .filter((file) => /^(packages|apps)\/.*\/?src\/.*\.ts$/.test(file))

const problems = []
for (const file of files) {
  const exceptions = new Set(allowed.filter(([pattern]) => pattern.test(file)).flatMap(([, names]) => names))
  const lines = readFileSync(join(root, file), "utf8").split("\n")
  for (const [index, line] of lines.entries()) {
    const code = line.replace(/^\s*(\*|\/\/|\/\*).*$/, "").replace(/\/\/ .*$/, "")
    for (const [name, { pattern, why, isForApps = false, isAllowedBy }] of Object.entries(rules)) {
      if (exceptions.has(name) || (!isForApps && file.startsWith("apps/"))) continue
      if (pattern.test(code) && isAllowedBy?.(lines, index) !== true)
        problems.push(`${file}:${index + 1} ${name}: ${why}`)
    }
  }
}
if (files.length === 0) problems.push("No sources were found: the script looks in the wrong places.")
if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\n`)
  process.exit(1)
}
