/**
 * Grep: lines of files by a regular expression. Expressions are matched in linear time and files are read within a
 * limit, so a search ends whatever is searched for; between files others get their turn.
 */
import { linearPattern, linearSpans } from "@signalbox/model"
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
import { linesOf } from "./paging.ts"
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
    test: linearPattern(regex, { ...options, isSearch: true }),
    spans: linearSpans(regex, options)
  })
  return Effect.fromResult(compiled).pipe(
    Effect.map((compiled) => findMatches(compiled, { asParts: wantsParts(input), overLines: hasLines })),
    Effect.mapError((reason) => new PatternInvalid({ pattern, reason }))
  )
}

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
    const isParts = wantsParts(input)
    for (const { isMatch, line, text } of isParts ? partLines(wanted) : withContext(hit.lines, wanted, around(input))) {
      if (!isParts && before !== 0 && line !== before + 1) shown.push("--")
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
  const search = (place: Place, file: string, find: FindMatches) =>
    workspace.readText(place).pipe(
      Effect.flatMap(({ bytes, text }) => {
        const all = linesOf(text)
        return Effect.map(find(all), ({ isCut, matches }) => ({
          size: bytes.length,
          hit: { file, lines: all, matches },
          isCut
        }))
      }),
      Effect.orElseSucceed(() => ({ size: 0, hit: { file, lines: [], matches: [] }, isCut: false }))
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
      const find = yield* compile(input)
      const wants = yield* fileFilter(input)
      const place = yield* workspace.policy.decide(input.path ?? ".", "read")
      if (!place.exists) return yield* new FileNotFound({ path: place.given })
      const isFolder = yield* Effect.scoped(workspace.openFolder(place)).pipe(
        Effect.as(true),
        Effect.catchTag("FileKindWrong", () => Effect.succeed(false))
      )
      const below = isFolder ? yield* filesBelow(place, wants) : { isCut: false, places: [place] }
      const hits: Array<Hit> = []
      let searched = 0
      let isGivenUp = false
      for (const one of below.places) {
        if (searched > limits.maxSearchedBytes) break
        const { hit, isCut, size } = yield* search(one, one.real, find)
        isGivenUp ||= isCut
        searched += size
        if (hit.matches.length > 0) hits.push(hit)
      }
      return render(input, hits, below.isCut || isGivenUp || searched > limits.maxSearchedBytes)
    })
  })
}
