// Asked before each command of Bash: what it answers on standard output decides.
import { readFileSync } from "node:fs"

const { arguments: input, principal } = JSON.parse(readFileSync(0, "utf8"))
const command = String(input.command)

const answer = () => {
  if (/\bgit\s+push\b.*--force\b/.test(command))
    return { decision: "refuse", reason: "nobody's work is overwritten here" }
  if (principal !== "local") return { decision: "ask", reason: "a client of the server wants to run a command" }
  if (/^npm\s+test\b/.test(command)) return { arguments: { ...input, timeout: 300_000 } }
  return {}
}

console.log(JSON.stringify(answer()))
