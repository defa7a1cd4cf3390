/**
 * Whether the hooks can be asked: their programs are there, and their variables set. None is run.
 */
import { Effect } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { hookProblems } from "../rules/hooks/resolveHooks.ts"
import { type Finding, finding } from "./Finding.ts"

/** The name that findings about them have in the place of a server's; no server can be called so. */
export const hookSource = "the hooks"

/** What is wrong with hooks, in the order of the file. */
export const diagnoseHooks = Effect.fn("diagnoseHooks")(function* (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>
) {
  const problems = yield* hookProblems(config, environment)
  return problems.map(({ message, path, suggestion = "" }): Finding => {
    const on = config.options.conversation.hooks[Number(path[2])]?.on ?? ""
    return finding({
      code: "HOOK_UNUSABLE",
      severity: "error",
      serverName: hookSource,
      path,
      message: `The hook ${on} cannot be asked: ${message}.`,
      fix: `${suggestion.slice(0, 1).toUpperCase()}${suggestion.slice(1)}.`
    })
  })
})
