/**
 * Servers from the files that people already have, as entries of our own configuration. What an entry says that has
 * no counterpart, or does not say, is said in the result, so it can be seen. Secrets stay where they are.
 */
import { Result } from "effect"
import { ImportFailed } from "../errors.ts"
import { readDocument } from "./document.ts"
import { convertServers, type ImportedServer } from "./foreignServers.ts"
import { type SecretVariable, withoutSecrets } from "./secretReferences.ts"
import { isTree } from "./tree.ts"

/** What was found in the file of another program, in the words of this one. */
export interface ImportedServers {
  readonly servers: Readonly<Record<string, ImportedServer>>
  /** What was changed or left out, one sentence each. */
  readonly notes: ReadonlyArray<string>
  /** The variables that the servers now read their secrets from. */
  readonly variables: ReadonlyArray<SecretVariable>
}

/**
 * Reads the servers of a file: an `mcpServers` map (`.mcp.json`, Claude, Cursor), a `servers` list with names, or a
 * `servers` map. Secrets become references to variables, unless `keepSecrets` says to take them over.
 * Fails when the file is not of one of these forms.
 */
export const importServers = (
  file: string,
  content: string,
  options: { readonly keepSecrets: boolean } = { keepSecrets: false }
): Result.Result<ImportedServers, ImportFailed> => {
  const document = readDocument(content)
  const [problem] = document.problems
  if (problem !== undefined)
    return Result.fail(new ImportFailed({ file, reason: `line ${problem.line}: ${problem.message}` }))
  const converted = isTree(document.value) ? convertServers(document.value) : undefined
  if (converted === undefined) {
    const reason = 'it has no "mcpServers" and no "servers"'
    return Result.fail(
      new ImportFailed({ file, reason, hint: "Give a file such as .mcp.json or claude_desktop_config.json." })
    )
  }
  const { servers, variables } = options.keepSecrets
    ? { servers: converted.servers, variables: [] }
    : withoutSecrets(converted.servers)
  const leftOut = converted.refused.map(({ name, reason }) => `"${name}" was left out: ${reason}.`)
  return Result.succeed({ servers, variables, notes: [...converted.notes, ...leftOut] })
}
