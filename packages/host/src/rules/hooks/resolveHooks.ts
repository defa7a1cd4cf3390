/**
 * The hooks of a configuration with their variables, and what keeps them from being asked.
 */
import { childEnvironment, type MaybeSecret } from "@signalbox/mcp"
import { ownerVariable } from "@signalbox/orchestrator"
import { Effect } from "effect"
import type { LoadedConfig } from "../../config/ConfigFile.ts"
import type { HookEntry } from "../../config/HookOptions.ts"
import type { FoundProblem } from "../../config/layers.ts"
import { notSet, resolveText, unsetVariables } from "../../config/secrets.ts"
import { findHook, type HookProgram } from "./runHook.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** One hook, ready to be asked. */
export interface ResolvedHook {
  readonly entry: HookEntry
  /** What it is called in messages. */
  readonly name: string
  readonly program: HookProgram
  readonly problems: ReadonlyArray<FoundProblem>
}

/** `before-tool guard.mjs`: when it is asked, and the last part of its command that names a file, or its program. */
const nameOf = ({ command, on }: HookEntry): string => {
  const file = command.slice(1).find((word) => /^[^-].*\.\w+$/.test(word)) ?? command[0]
  return `${on} ${file}`
}

/** All of them, in the order of the file. */
export const resolveHooks = (
  { directory, options }: Pick<LoadedConfig, "directory" | "options">,
  environment: Environment,
  owner: string | undefined
): ReadonlyArray<ResolvedHook> =>
  options.conversation.hooks.map((entry, index) => {
    const problems: Array<FoundProblem> = []
    // What a kill leaves behind of them is cleared up at the next start, as it is of servers.
    const env: Record<string, MaybeSecret> = owner === undefined ? {} : { [ownerVariable]: owner }
    for (const [key, text] of Object.entries(entry.env ?? {})) {
      const value = resolveText(text, environment, directory)
      if (value !== undefined) env[key] = value
      else {
        problems.push({
          path: ["conversation", "hooks", index, "env", key],
          message: notSet(unsetVariables(text, environment)),
          suggestion: "set it, or take the variable out"
        })
      }
    }
    const [command, ...args] = entry.command
    const program: HookProgram = { command: [command, ...args], directory, env, timeout: entry.timeout }
    return { entry, name: nameOf(entry), program, problems }
  })

/** What is wrong with hooks before anybody asks them: variables, and programs that are not there. */
export const hookProblems = Effect.fn("hookProblems")(function* (config: LoadedConfig, environment: Environment) {
  const found = yield* Effect.forEach(resolveHooks(config, environment, undefined), ({ problems, program }, index) => {
    const { command, directory, env } = program
    const [name, ...args] = command
    return findHook(name, args, directory, childEnvironment(environment, env, false)).pipe(
      Effect.as<ReadonlyArray<FoundProblem>>([]),
      Effect.catch(({ reason }) =>
        Effect.succeed<ReadonlyArray<FoundProblem>>([
          {
            path: ["conversation", "hooks", index, "command"],
            message: reason,
            suggestion: "correct its path, which starts from the folder of this file, or take the hook out"
          }
        ])
      ),
      Effect.map((missing) => [...problems, ...missing])
    )
  })
  return found.flat()
})
