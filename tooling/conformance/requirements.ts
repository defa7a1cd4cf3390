/**
 * Which client scenarios there are for a revision of the protocol, from the suite's own frozen lists.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"

/** The suite as it is installed. */
export const suiteFolder = join(import.meta.dirname, "node_modules", "@modelcontextprotocol", "conformance")

interface Requirements {
  readonly client: ReadonlyArray<string>
  readonly not_scored?: ReadonlyArray<{ readonly scenario: string; readonly leg: string }>
}

/** The scenarios that the revision requires of clients, and those that are only reported. */
export const clientScenarios = (
  revision: string
): { readonly required: ReadonlyArray<string>; readonly reported: ReadonlyArray<string> } => {
  const text = readFileSync(join(suiteFolder, "requirements", `${revision}.yaml`), "utf8")
  // The shape of version 0.2.0-alpha.12, which is pinned.
  const requirements = parse(text) as Requirements
  const others = (requirements.not_scored ?? []).filter(({ leg }) => leg === "client")
  return { required: requirements.client, reported: others.map(({ scenario }) => scenario) }
}
