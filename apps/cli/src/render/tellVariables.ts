/**
 * Which variables to set for servers whose secrets were left where they were, each with the key that reads it.
 */
// Not as `{ type … }`: what is left of that import would load the importers at every start.
import type { SecretVariable } from "@signalbox/host/import"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { renderTable } from "./table.ts"

export const tellVariables = Effect.fnUntraced(function* (
  variables: ReadonlyArray<SecretVariable>,
  section: "servers" | "agents" = "servers"
) {
  if (variables.length === 0) return
  const { errorStyle, status } = yield* Output
  yield* status(`${errorStyle.yellow("!")} Secrets were not taken over. Set these variables, here or in a file .env:`)
  const rows = variables.map(({ key, name, server }) => [
    `  ${errorStyle.bold(name)}`,
    errorStyle.dim(`${section}.${server}.${key}`)
  ])
  yield* status(renderTable(rows))
})
