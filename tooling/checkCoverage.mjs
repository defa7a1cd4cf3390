// Fails when a TypeScript file of a package is not type-checked: a glob that one tool does not know makes errors invisible.
import { execFileSync } from "node:child_process"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const run = (command, args) => execFileSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })

const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
const checked = new Set(
  run(process.execPath, [tsc, "-p", "tooling/tsconfig.json", "--listFilesOnly"])
    .split("\n")
    .map((line) => resolve(line.trim()))
)
const owned = run("git", ["ls-files", "-co", "--exclude-standard", "*.ts"])
  .split("\n")
  .filter((file) => /^(packages|apps|tooling)\//.test(file))
const missed = owned.filter((file) => !checked.has(resolve(root, file)))
if (missed.length > 0) {
  process.stderr.write(
    `Not type-checked (add them to tooling/tsconfig.json):\n${missed.map((file) => `  ${file}\n`).join("")}`
  )
  process.exit(1)
}
