/**
 * Grep: lines of files by a regular expression. Expressions are matched in linear time and files are read within a
 * limit, so a search ends whatever is searched for; between files others get their turn.
 */
import { linearSpans, linearTest } from "@signalbox/model"
import { Effect, Path, Result, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { FileNotFound, PatternInvalid } from "../errors.ts"
import { compileGlob } from "../globPattern.ts"
import type { Place } from "../paths/PathPolicy.ts"
import type { Workspace } from "../paths/Workspace.ts"
import type { LimitOptions } from "../ToolsOptions.ts"
import { fileTypes } from "./fileTypes.ts"
import { type FindMatches, findMatches, type Match } from "./findMatches.ts"
import { partLines, withContext } from "./matchLines.ts"
import { linesOf, shownName } from "./paging.ts"
import { usuallySkipped, walk } from "./walk.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const lines = (which: string) =>
  Schema.optionalKey(Count.annotate({ description: `Lines to show ${which} each match, for output_mode content.` }))

const Input = Schema.Struct({
  pattern: Schema.String.annotate({
    description:
      "A regular expression, matched within one line unless multiline says otherwise. Lookaround and references to groups are not supported."
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
  "-o": Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Show only the parts that match, for output_mode content." })
  ),
  multiline: Schema.optionalKey(
    Schema.Boolean.annotate({
      description:
        "A match may go over several lines: . fits the end of a line, too, and ^ and $ are those of each line."
    })
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
  readonly matches: ReadonlyArray<Match>
}

/** What a search has come to. */
interface Search {
  readonly hits: ReadonlyArray<Hit>
  readonly isCut: boolean
  /** Files that could not be read as text. */
  readonly skipped: number
}

const defaultLimit = 100

/** Models escape more than they need to; what is no escape of JavaScript is the character itself. */
const unescaped = (pattern: string): string => pattern.replaceAll(/\\(["'<>=!@#%&:;,~` ])/g, "$1")

const wantsParts = ({ "-o": isWanted, output_mode }: GrepInput): boolean =>
  isWanted === true && (output_mode === "content" || output_mode === "count")

const compile = (input: GrepInput): Effect.Effect<FindMatches, PatternInvalid> => {
  const { case_sensitive, "-i": ignores, multiline: hasLines = false, pattern } = input
  const options = { ignoresCase: ignores ?? case_sensitive === false, hasLines }
  const regex = unescaped(pattern)
  const compiled = Result.all({
    test: linearTest(regex, { ...options, isSearch: true }),
    spans: linearSpans(regex, options)
  })
  return Effect.fromResult(compiled).pipe(
    Effect.map((compiled) =>
      findMatches(
        { testing: compiled.test.testing, spans: compiled.spans },
        { asParts: wantsParts(input), overLines: hasLines }
      )
    ),
    Effect.mapError((reason) => new PatternInvalid({ pattern, reason }))
  )
}

/** Whether a path below the folder is one of those that are wanted. */
const fileFilter = Effect.fnUntraced(function* ({ glob, type }: GrepInput) {
  const endings = type === undefined ? undefined : fileTypes.get(type)
  if (type !== undefined && endings === undefined)
    return yield* invalidInput("Grep", "type", `Expected one of ${[...fileTypes.keys()].join(", ")}, got ${type}`)
  // A pattern without a slash is about names, at whatever depth.
  const test =
    glob === undefined ? undefined : yield* compileGlob(glob === "" || glob.includes("/") ? glob : `**/${glob}`)
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
  const isParts = wantsParts(input)
  let passed = 0
  let count = 0
  for (const hit of hits) {
    const wanted = hit.matches.filter(() => passed++ >= offset && count < limit && ++count > 0)
    let before = 0
    const name = shownName(hit.file)
    for (const { isMatch, line, text } of isParts ? partLines(wanted) : withContext(hit.lines, wanted, around(input))) {
      if (!isParts && before !== 0 && line !== before + 1) shown.push("--")
      before = line
      const mark = isMatch ? ":" : "-"
      lines.push({ file: hit.file, line, text, is_match: isMatch })
      shown.push(input["-n"] === false ? `${name}${mark}${text}` : `${name}${mark}${line}${mark}${text}`)
    }
  }
  return { shown, data: { lines }, total: passed, count }
}

const filesOf = (input: GrepInput, hits: ReadonlyArray<Hit>, offset: number, limit: number): Shown => {
  const part = hits.slice(offset, offset + limit)
  return {
    shown: part.map(({ file, matches }) =>
      input.output_mode === "count" ? `${shownName(file)}:${matches.length}` : shownName(file)
    ),
    data: { files: countsOf(part) },
    total: hits.length,
    count: part.length
  }
}

const skippedNote = (count: number): string =>
  count === 1
    ? "[1 file is no text, too large or unreadable, and was passed over.]"
    : `[${count} files are no text, too large or unreadable, and were passed over.]`

const notesOf = ({ isCut, skipped }: Search): ReadonlyArray<string> => [
  ...(isCut ? ["[Not everything was searched. Name a folder, a glob or a type.]"] : []),
  ...(skipped > 0 ? [skippedNote(skipped)] : [])
]

const render = (input: GrepInput, search: Search) => {
  const offset = input.offset ?? 0
  const limit = input.head_limit ?? input.max_matches ?? defaultLimit
  const { count, data, shown, total } = (input.output_mode === "content" ? contentOf : filesOf)(
    input,
    search.hits,
    offset,
    limit
  )
  const hasMore = total > offset + count
  const isHidden = total > 0 && count === 0
  const notes = [
    ...(hasMore || isHidden ? [`[${count} of ${total} are shown, from ${offset + 1}.]`] : []),
    ...notesOf(search)
  ]
  return {
    text: [...(total === 0 ? ["No line fits the pattern."] : shown), ...notes].join("\n"),
    data: { ...data, total, is_cut: search.isCut || hasMore, skipped: search.skipped }
  }
}

/** Makes the tool. */
export const grepTool = (workspace: Workspace, limits: LimitOptions, path: Path.Path) => {
  const searchFile = (place: Place, find: FindMatches) =>
    Effect.flatMap(workspace.readText(place), ({ bytes, text }) => {
      const lines = linesOf(text)
      return Effect.map(find(lines), ({ isCut, matches }) => ({
        size: bytes.length,
        hit: { file: place.real, lines, matches },
        isCut
      }))
    })
  const searchAll = Effect.fnUntraced(function* (places: ReadonlyArray<Place>, find: FindMatches) {
    const hits: Array<Hit> = []
    let searched = 0
    let skipped = 0
    let isCut = false
    for (const place of places) {
      if (searched > limits.maxSearchedBytes) break
      const found = yield* searchFile(place, find).pipe(
        Effect.catch((error) => {
          // What is gone by now is missed by nobody.
          if (error._tag !== "FileNotFound") skipped++
          return Effect.undefined
        })
      )
      if (found === undefined) continue
      isCut ||= found.isCut
      searched += found.size
      if (found.hit.matches.length > 0) hits.push(found.hit)
    }
    return { hits, isCut: isCut || searched > limits.maxSearchedBytes, skipped } satisfies Search
  })
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
      const find = yield* compile(input)
      const wants = yield* fileFilter(input)
      const place = yield* workspace.policy.decide(input.path ?? ".", "read")
      if (!place.exists) return yield* new FileNotFound({ path: place.given })
      const isFolder = yield* Effect.scoped(workspace.openFolder(place)).pipe(
        Effect.as(true),
        Effect.catchTag("FileKindWrong", () => Effect.succeed(false))
      )
      if (!isFolder) {
        yield* workspace.decideFile(place.given, "read")
        // Whoever names one file wants to know why it cannot be searched.
        const { hit, isCut } = yield* searchFile(place, find)
        return render(input, { hits: hit.matches.length > 0 ? [hit] : [], isCut, skipped: 0 })
      }
      const below = yield* filesBelow(place, wants)
      const found = yield* searchAll(below.places, find)
      return render(input, { ...found, isCut: below.isCut || found.isCut })
    })
  })
}
