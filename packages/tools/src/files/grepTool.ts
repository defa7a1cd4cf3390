/**
 * Grep: lines of files by a regular expression. Expressions are matched in linear time and files are read within a
 * limit, so a search ends whatever is searched for; between files others get their turn.
 */
import { linearPattern } from "@signalbox/model"
import { Effect, Path, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { FileNotFound, PatternInvalid } from "../errors.ts"
import { compileGlob } from "../globPattern.ts"
import type { Place } from "../paths/PathPolicy.ts"
import type { Workspace } from "../paths/Workspace.ts"
import type { LimitOptions } from "../ToolsOptions.ts"
import { fileTypes } from "./fileTypes.ts"
import { matchingLines, withContext } from "./matchLines.ts"
import { linesOf } from "./paging.ts"
import { usuallySkipped, walk } from "./walk.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const lines = (which: string) =>
  Schema.optionalKey(Count.annotate({ description: `Lines to show ${which} each match, for output_mode content.` }))

const Input = Schema.Struct({
  pattern: Schema.String.annotate({
    description: "A regular expression, matched within one line. Lookaround and references to groups are not supported."
  }),
  path: Schema.optionalKey(
    Schema.String.annotate({ description: "A file, or a folder to look in; the working directory by default." })
  ),
  glob: Schema.optionalKey(
    Schema.String.annotate({ description: "Only files that fit, such as *.ts or src/**/*.js." })
  ),
  type: Schema.optionalKey(
    Schema.String.annotate({ description: `Only files of a kind: ${[...fileTypes.keys()].join(", ")}.` })
  ),
  output_mode: Schema.optionalKey(
    Schema.Literals(["content", "files_with_matches", "count"]).annotate({
      description: "files_with_matches by default."
    })
  ),
  "-A": lines("after"),
  "-B": lines("before"),
  "-C": lines("around"),
  context: lines("around"),
  "-n": Schema.optionalKey(Schema.Boolean.annotate({ description: "Show the numbers of lines; true by default." })),
  "-o": Schema.optionalKey(Schema.Boolean.annotate({ description: "Changes nothing: whole lines are shown." })),
  multiline: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Changes nothing: a match does not go beyond its line." })
  ),
  "-i": Schema.optionalKey(Schema.Boolean.annotate({ description: "Ignore the case of letters." })),
  case_sensitive: Schema.optionalKey(Schema.Boolean.annotate({ description: "The opposite of -i." })),
  head_limit: Schema.optionalKey(
    Count.annotate({ description: "How many matches, or files, to show; 100 by default." })
  ),
  max_matches: Schema.optionalKey(Count.annotate({ description: "The same as head_limit." })),
  offset: Schema.optionalKey(Count.annotate({ description: "How many matches, or files, to pass over." }))
})

type GrepInput = typeof Input.Type

interface Hit {
  readonly file: string
  readonly lines: ReadonlyArray<string>
  readonly matches: ReadonlyArray<number>
}

const defaultLimit = 100
/** Matches of one file beyond these are not counted. */
const maxPerFile = 10_000

/** Models escape more than they need to; what is no escape of JavaScript is the character itself. */
const unescaped = (pattern: string): string => pattern.replaceAll(/\\(["'<>=!@#%&:;,~` ])/g, "$1")

const compile = ({ case_sensitive, "-i": ignores, pattern }: GrepInput) =>
  Effect.mapError(
    Effect.fromResult(
      linearPattern(unescaped(pattern), { isSearch: true, ignoresCase: ignores ?? case_sensitive === false })
    ),
    (reason) => new PatternInvalid({ pattern, reason })
  )

/** Whether a path below the folder is one of those that are wanted. */
const fileFilter = Effect.fnUntraced(function* ({ glob, type }: GrepInput) {
  const endings = type === undefined ? undefined : fileTypes.get(type)
  if (type !== undefined && endings === undefined)
    return yield* invalidInput("Grep", "type", `Expected one of ${[...fileTypes.keys()].join(", ")}, got ${type}`)
  // A pattern without a slash is about names, at whatever depth.
  const test = glob === undefined ? undefined : yield* compileGlob(glob.includes("/") ? glob : `**/${glob}`)
  return (relative: string) =>
    (endings === undefined || endings.some((ending) => relative.endsWith(ending))) && (test?.(relative) ?? true)
})

const around = (input: GrepInput) => {
  const both = input["-C"] ?? input.context ?? 0
  return { before: input["-B"] ?? both, after: input["-A"] ?? both }
}

/** What is shown of the hits, as text and as data. */
interface Shown {
  readonly shown: ReadonlyArray<string>
  readonly data: object
  readonly total: number
  readonly count: number
}

const countsOf = (hits: ReadonlyArray<Hit>) => hits.map(({ file, matches }) => ({ file, count: matches.length }))

const contentOf = (input: GrepInput, hits: ReadonlyArray<Hit>, offset: number, limit: number): Shown => {
  const shown: Array<string> = []
  const lines: Array<object> = []
  let passed = 0
  let count = 0
  for (const hit of hits) {
    const wanted = hit.matches.filter(() => passed++ >= offset && count < limit && ++count > 0)
    let before = 0
    for (const { isMatch, line, text } of withContext(hit.lines, wanted, around(input))) {
      if (before !== 0 && line !== before + 1) shown.push("--")
      before = line
      const mark = isMatch ? ":" : "-"
      lines.push({ file: hit.file, line, text, is_match: isMatch })
      shown.push(input["-n"] === false ? `${hit.file}${mark}${text}` : `${hit.file}${mark}${line}${mark}${text}`)
    }
  }
  return { shown, data: { lines }, total: passed, count }
}

const filesOf = (input: GrepInput, hits: ReadonlyArray<Hit>, offset: number, limit: number): Shown => {
  const part = hits.slice(offset, offset + limit)
  return {
    shown: part.map(({ file, matches }) => (input.output_mode === "count" ? `${file}:${matches.length}` : file)),
    data: { files: countsOf(part) },
    total: hits.length,
    count: part.length
  }
}

const render = (input: GrepInput, hits: ReadonlyArray<Hit>, isCut: boolean) => {
  const offset = input.offset ?? 0
  const limit = input.head_limit ?? input.max_matches ?? defaultLimit
  const { count, data, shown, total } = (input.output_mode === "content" ? contentOf : filesOf)(
    input,
    hits,
    offset,
    limit
  )
  const notes = [
    ...(input.multiline === true ? ["[Each line was looked at by itself: multiline is not supported.]"] : []),
    ...(total > offset + count ? [`[${count} of ${total} are shown, from ${offset + 1}.]`] : []),
    ...(isCut ? ["[Not everything was searched. Name a folder, a glob or a type.]"] : [])
  ]
  return {
    text: [...(shown.length === 0 ? ["No line fits the pattern."] : shown), ...notes].join("\n"),
    data: { ...data, total, is_cut: isCut || total > offset + count }
  }
}

/** Makes the tool. */
export const grepTool = (workspace: Workspace, limits: LimitOptions, path: Path.Path) => {
  /** What is no text, too large, or gone by now, has no lines. */
  const search = (place: Place, file: string, test: (line: string) => boolean) =>
    workspace.readText(place).pipe(
      Effect.map(({ bytes, text }) => {
        const all = linesOf(text)
        return { size: bytes.length, hit: { file, lines: all, matches: matchingLines(all, test, maxPerFile) } }
      }),
      Effect.orElseSucceed(() => ({ size: 0, hit: { file, lines: [], matches: [] } }))
    )
  const filesBelow = Effect.fnUntraced(function* (place: Place, wants: (relative: string) => boolean) {
    const below = yield* walk(workspace, place, {
      skips: usuallySkipped,
      wants,
      needsDetails: false,
      maxEntries: limits.maxEntries * 100
    }).pipe(Effect.provideService(Path.Path, path))
    return { isCut: below.isCut, places: below.found.map(({ place }) => place) }
  })
  return builtIn({
    name: "Grep",
    description:
      "Searches the lines of text files by a regular expression. Folders such as .git and node_modules are left out.",
    input: Input,
    annotations: { title: "Search in files", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* (input) {
      const test = yield* compile(input)
      const wants = yield* fileFilter(input)
      const place = yield* workspace.policy.decide(input.path ?? ".", "read")
      if (!place.exists) return yield* new FileNotFound({ path: place.given })
      const isFolder = yield* Effect.scoped(workspace.openFolder(place)).pipe(
        Effect.as(true),
        Effect.catchTag("FileKindWrong", () => Effect.succeed(false))
      )
      const { isCut, places } = isFolder ? yield* filesBelow(place, wants) : { isCut: false, places: [place] }
      const hits: Array<Hit> = []
      let searched = 0
      for (const one of places) {
        if (searched > limits.maxSearchedBytes) break
        const { hit, size } = yield* search(one, one.real, test)
        searched += size
        if (hit.matches.length > 0) hits.push(hit)
      }
      return render(input, hits, isCut || searched > limits.maxSearchedBytes)
    })
  })
}
