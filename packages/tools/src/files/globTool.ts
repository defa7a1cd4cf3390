/**
 * Glob: files by a pattern of their paths.
 */
import { Effect, Path, Schema } from "effect"
import { builtIn } from "../BuiltIn.ts"
import { compileGlob } from "../globPattern.ts"
import type { Workspace } from "../paths/Workspace.ts"
import { PatternInvalid } from "../errors.ts"
import { shownName } from "./paging.ts"
import { usuallySkipped, walk } from "./walk.ts"

const Input = Schema.Struct({
  pattern: Schema.String.annotate({ description: "Such as **/*.ts or src/**/*.{js,json}; relative to path." }),
  path: Schema.optionalKey(
    Schema.String.annotate({ description: "The folder to look in; the working directory by default." })
  ),
  directory: Schema.optionalKey(Schema.String.annotate({ description: "The same as path." })),
  newest_first: Schema.optionalKey(Schema.Boolean.annotate({ description: "Sort by the time of the last change." })),
  include_ignored: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Look in .git, node_modules and the like, too." })
  )
})

/** Makes the tool. */
export const globTool = (workspace: Workspace, maxEntries: number, path: Path.Path) =>
  builtIn({
    name: "Glob",
    description: "Finds files by a pattern of their paths. Folders such as .git and node_modules are left out.",
    input: Input,
    annotations: { title: "Find files", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* ({ directory, include_ignored, newest_first, path: folder, pattern }) {
      if (pattern.startsWith("/") || pattern.split("/").includes(".."))
        return yield* new PatternInvalid({ pattern, reason: "it must stay below the folder; give the folder as path" })
      const test = yield* compileGlob(pattern.replace(/^(?:\.\/)+/, ""))
      const place = yield* workspace.policy.decide(folder ?? directory ?? ".", "read")
      const { found, isCut } = yield* walk(workspace, place, {
        skips: include_ignored === true ? new Set() : usuallySkipped,
        wants: test,
        needsDetails: newest_first === true,
        maxEntries
      }).pipe(Effect.provideService(Path.Path, path))
      const sorted =
        newest_first === true
          ? found.toSorted((a, b) => (b.details?.modifiedMillis ?? 0) - (a.details?.modifiedMillis ?? 0))
          : found
      const paths = sorted.map(({ place }) => place.real)
      const note = isCut ? `\n[Only the first ${paths.length} are shown. Use a narrower pattern.]` : ""
      return {
        text: paths.length === 0 ? "No file fits the pattern." : `${paths.map(shownName).join("\n")}${note}`,
        data: { files: paths, is_cut: isCut }
      }
    })
  })
