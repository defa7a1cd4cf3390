/**
 * Whether commands of the built-in tools run in the sandbox that the configuration wants.
 */
import type { SandboxState } from "@signalbox/tools"
import { Effect } from "effect"
import { toolsOptions } from "../builtIns/toolsOptions.ts"
import { builtInSource } from "../config/builtInSource.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { type Finding, finding } from "./Finding.ts"

/** What commands run in, and what is wrong with that. */
export interface SandboxDiagnosis {
  readonly state: SandboxState
  readonly findings: ReadonlyArray<Finding>
}

const findingsOf = (state: SandboxState): ReadonlyArray<Finding> =>
  state._tag === "Missing"
    ? [
        finding({
          code: "SANDBOX_MISSING",
          severity: state.isRequired ? "error" : "warning",
          serverName: builtInSource,
          path: ["tools", "commands", "sandbox"],
          message: `No sandbox is possible here, so ${state.isRequired ? "Bash runs nothing" : "commands run without one"}: ${state.reason}.`,
          fix: "Install bubblewrap (apt install bubblewrap, dnf install bubblewrap), or set the key to off."
        })
      ]
    : []

/** Runs something in the sandbox, where Bash is switched on and the configuration wants one. */
export const diagnoseSandbox = Effect.fn("diagnoseSandbox")(function* (config: LoadedConfig) {
  const { commands, enabled } = config.options.tools
  if (commands.sandbox === "off" || !enabled.includes("Bash"))
    return { state: { _tag: "Off" }, findings: [] } satisfies SandboxDiagnosis
  const { findSandbox } = yield* Effect.promise(() => import("@signalbox/tools"))
  const { options } = yield* toolsOptions(config, {}, undefined)
  const state = yield* findSandbox(options)
  return { state, findings: findingsOf(state) } satisfies SandboxDiagnosis
})
