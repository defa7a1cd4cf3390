/**
 * The command line as it is installed: bundled, from the sources as they are now.
 */
import { join } from "node:path"
import { runProcess } from "./measure.ts"

/** Bundles it and answers with its entry. */
export const bundledCli = async (): Promise<string> => {
  const folder = join(import.meta.dirname, "../../apps/cli")
  await runProcess(process.execPath, [join(import.meta.dirname, "../bundle.mjs"), "src/main.ts"], folder)
  return join(folder, "dist/main.js")
}
