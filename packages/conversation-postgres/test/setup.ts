/** Before all tests: one server, of which each test gets a database of its own. */
import { startPostgres } from "@signalbox/tooling/postgres"
import type { TestProject } from "vitest/node"

export const setup = async ({ provide }: TestProject) => {
  const server = await startPostgres()
  if ("missing" in server) {
    process.stderr.write(`\nSKIPPED: all tests that need a PostgreSQL, because ${server.missing}.\n\n`)
    provide("postgres", undefined)
    return undefined
  }
  provide("postgres", server.url())
  return server.close
}

declare module "vitest" {
  interface ProvidedContext {
    /** The address of the server; nothing where there is none. */
    postgres: string | undefined
  }
}
