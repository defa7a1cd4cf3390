import { mergeConfig } from "vitest/config"
import processes from "./vitest.process.ts"

/**
 * For packages whose tests start processes and change nothing of their own process: all files are run one after the
 * other in a single one, which loads what they import once, and is warm from the second file on.
 */
export default mergeConfig(processes, { test: { isolate: false } })
