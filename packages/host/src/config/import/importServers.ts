/**
 * Servers from the files that people already have, as entries of our own configuration. What an entry says that has
 * no counterpart, or does not say, is said in the result, so it can be seen. Secrets stay where they are.
 */
import { Result } from "effect"
import { type ConfigProblem, ImportFailed } from "../../errors.ts"
import { isTree } from "../tree.ts"
import { given } from "./values.ts"
import { convertServers } from "./convertServers.ts"
import type { ImportedServer } from "./ImportedServer.ts"
import { readForeign } from "./readForeign.ts"
import { type SecretVariable, withoutSecrets } from "./secretReferences.ts"

/** What was found in the file of another program, in the words of this one. */
export interface ImportedServers {
  /** The name of the format, as in `foreignFormats`. */
  readonly format: string
  readonly servers: Readonly<Record<string, ImportedServer>>
  /** What was changed or left out, one sentence each. */
  readonly notes: ReadonlyArray<string>
  /** Entries that cannot be used, each with its line. */
  readonly problems: ReadonlyArray<ConfigProblem>
  /** The variables that the servers now read their secrets from. */
  readonly variables: ReadonlyArray<SecretVariable>
}

/**
 * Reads the servers of a file in any format of `foreignFormats`, recognized by its name and content. Secrets become
 * references to variables, unless `keepSecrets` says to take them over. Fails when the file cannot be parsed or has no
 * servers; entries that cannot be used are `problems` of the result, for the caller to insist on.
 */
export const importServers = (
  file: string,
  content: string,
  options: { readonly keepSecrets: boolean } = { keepSecrets: false }
): Result.Result<ImportedServers, ImportFailed> => {
  const document = readForeign(file, content)
  const [problem] = document.problems
  if (problem !== undefined)
    return Result.fail(new ImportFailed({ file, reason: `line ${problem.line}: ${problem.message}`, isBroken: true }))
  const converted = isTree(document.value) ? convertServers(document.value, file) : undefined
  if (converted === undefined) {
    const reason = "it has no MCP servers in a form that is known"
    return Result.fail(
      new ImportFailed({
        file,
        reason,
        isBroken: false,
        hint: "Give a file such as .mcp.json or claude_desktop_config.json."
      })
    )
  }
  const { servers, variables } = options.keepSecrets
    ? { servers: converted.servers, variables: [] }
    : withoutSecrets(converted.servers)
  return Result.succeed({
    format: converted.format.name,
    servers,
    variables,
    notes: converted.notes,
    problems: converted.faults.map(({ code, name, path, reason }) => ({
      path: path.map(String).join("."),
      line: document.lineOf(path),
      message: `"${name}": ${reason}`,
      ...given("code", code)
    }))
  })
}
