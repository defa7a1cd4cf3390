/**
 * Files that a text names with `@`: read as the built-in tools would read them, within the same folders. The code for that
 * is loaded when the first text names one.
 */
import type { BuiltInRequirements, WorkspaceError } from "@signalbox/tools"
import { Effect } from "effect"
import { toolsOptions } from "../builtIns/toolsOptions.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"

/** What became of a file that a text names. */
export type Included =
  | { readonly _tag: "Text"; readonly text: string; readonly real: string }
  /** There is none of that name: it may have been meant as a name of something else. */
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Refused"; readonly reason: string }

/** A file as a model is shown it beside the text that names it. The first line keeps its indent. */
export const fileText = (name: string, text: string): string =>
  `<file path="${name}">\n${text.replace(/^\uFEFF?(?:[^\S\n]*\n)*/, "").trimEnd()}\n</file>`

/** Reads them. */
export interface FileIncludes {
  /** `from` is the folder that a relative path starts from; without it, that of the tools. */
  readonly read: (given: string, from?: string) => Effect.Effect<Included>
}

const refused = (error: WorkspaceError): Included =>
  error._tag === "FileNotFound" ? { _tag: "Missing" } : { _tag: "Refused", reason: error.message }

/** The files of a configuration. */
export const makeFileIncludes = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>
) {
  const surroundings = yield* Effect.context<BuiltInRequirements>()
  const workspace = yield* Effect.cached(
    Effect.gen(function* () {
      const { makeWorkspace } = yield* Effect.promise(() => import("@signalbox/tools"))
      const { options } = yield* toolsOptions(config, environment, undefined)
      return yield* makeWorkspace(options)
    }).pipe(Effect.provideContext(surroundings))
  )
  return {
    read: (given, from) =>
      workspace.pipe(
        Effect.flatMap(({ policy, readText }) =>
          Effect.flatMap(policy.decide(given, "read", from), (place) =>
            place.exists
              ? Effect.map(readText(place), ({ text }): Included => ({ _tag: "Text", text, real: place.real }))
              : Effect.succeed<Included>({ _tag: "Missing" })
          ).pipe(Effect.catch((error) => Effect.succeed(refused(error))))
        ),
        Effect.catchTag("ToolRootMissing", (error) =>
          Effect.succeed<Included>({ _tag: "Refused", reason: error.message })
        )
      )
  } satisfies FileIncludes
})
