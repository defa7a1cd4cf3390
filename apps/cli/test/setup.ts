/**
 * Before all tests: bundles the program as it is published. Tests start it some hundred times, and from its sources each start
 * takes four times as long.
 */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { program } from "./program.ts"

const bundler = fileURLToPath(new URL("../../../tooling/bundle.mjs", import.meta.url))

export const setup = (): void => {
  const cwd = fileURLToPath(new URL("..", import.meta.url))
  execFileSync(process.execPath, [bundler, "src/main.ts", program], { cwd, stdio: "inherit" })
}
