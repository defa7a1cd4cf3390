import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

/** For packages whose tests start processes or change the environment: `vitest run --config ../../tooling/vitest.process.ts`. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // What a package makes once for all its tests.
    globalSetup: existsSync("test/setup.ts") ? ["test/setup.ts"] : [],
    // `process.env`, the working directory and child processes leak between files that share a process.
    pool: "forks",
    isolate: true,
    fileParallelism: false,
    // Generous: these tests wait for events of real processes on shared machines, never for time.
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
