import { defineConfig } from "vitest/config"
import processes from "./vitest.process.ts"

/**
 * Proofs of what is broken on purpose: each of them must fail. They wait for what never comes, minutes in all, and only a
 * change to a proof can break them: `npm run planted` in `tooling/prove`.
 */
export default defineConfig({ ...processes, test: { ...processes.test, include: ["test/**/*.planted.ts"] } })
