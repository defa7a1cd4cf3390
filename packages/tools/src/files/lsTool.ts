/**
 * LS: the entries of one folder.
 */
import { DateTime, Effect, type Path, Schema } from "effect"
import { builtIn } from "../BuiltIn.ts"
import { compileGlob } from "../globPattern.ts"
import type { EntryDetails } from "../paths/DirectFiles.ts"
import { explainFault, type Workspace } from "../paths/Workspace.ts"
import { shownName } from "./paging.ts"

const Input = Schema.Struct({
  path: Schema.optionalKey(Schema.String.annotate({ description: "The folder; the working directory by default." })),
  ignore: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({ description: "Patterns of names that are not wanted." })
  ),
  all: Schema.optionalKey(Schema.Boolean.annotate({ description: "Show names that begin with a dot, too." })),
  long: Schema.optionalKey(Schema.Boolean.annotate({ description: "Show sizes and times of change, too." }))
})

const marks = { folder: "/", link: "@", file: "", other: "" } as const

const isoOf = ({ modifiedMillis }: EntryDetails): string => DateTime.formatIso(DateTime.makeUnsafe(modifiedMillis))
const longLine = (shown: string, details: EntryDetails): string =>
  `${String(details.size).padStart(12)}  ${isoOf(details)}  ${shown}`

/** Makes the tool. */
export const lsTool = (workspace: Workspace, maxEntries: number, path: Path.Path) =>
  builtIn({
    name: "LS",
    description: "Lists the entries of one folder, sorted by name. Folders end with /, symbolic links with @.",
    input: Input,
    annotations: { title: "List a folder", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* ({ all, ignore = [], long, path: given = "." }) {
      const place = yield* workspace.policy.decide(given, "read")
      const ignored = yield* Effect.forEach(ignore, compileGlob)
      return yield* Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* workspace.openFolder(place)
          const entries = (yield* Effect.mapError(folder.entries, explainFault(place)))
            .filter(
              ({ name }) =>
                (all === true || !name.startsWith(".")) &&
                !ignored.some((test) => test(name)) &&
                workspace.policy.objection(path.join(place.real, name), "read") === undefined
            )
            .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          const shown = entries.slice(0, maxEntries)
          const listed = yield* Effect.forEach(shown, (entry) => {
            const plain = { line: `${shownName(entry.name)}${marks[entry.kind]}`, data: entry }
            return long === true
              ? folder.details(entry.name).pipe(
                  Effect.map((details) => ({
                    line: longLine(plain.line, details),
                    data: { ...entry, size: details.size, modified: isoOf(details) }
                  })),
                  // It is gone by now.
                  Effect.orElseSucceed(() => plain)
                )
              : Effect.succeed(plain)
          })
          const note = entries.length > shown.length ? `\n[${entries.length - shown.length} more are not shown.]` : ""
          return {
            text: listed.length === 0 ? "The folder is empty." : `${listed.map(({ line }) => line).join("\n")}${note}`,
            data: { path: place.real, entries: listed.map(({ data }) => data), is_cut: note !== "" }
          }
        })
      )
    })
  })
