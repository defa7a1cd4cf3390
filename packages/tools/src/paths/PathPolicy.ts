/**
 * Which paths the tools may use. A path is decided upon as what it really is, with all links resolved, and never
 * rewritten: it is either used as it was given or refused.
 */
import { Effect, Path } from "effect"
import { PathRefused, ToolRootMissing } from "../errors.ts"
import { globTest } from "../globPattern.ts"
import type { PathOptions } from "../ToolsOptions.ts"
import { DirectFiles, type FaultKind, FileFault } from "./DirectFiles.ts"

/** What is to be done with the path. */
export type PathUse = "read" | "write"

/** A path that may be used. */
export interface Place {
  /** As the caller wrote it, for messages. */
  readonly given: string
  readonly real: string
  readonly exists: boolean
}

/** Decides about paths. */
export interface PathPolicy {
  readonly cwd: string
  /** The place behind a path, or why it may not be used. */
  readonly decide: (given: string, use: PathUse, from?: string) => Effect.Effect<Place, PathRefused>
  /** Why a real path may not be used, if so: for what a search comes across. */
  readonly objection: (real: string, use: PathUse) => string | undefined
  /** Whether a pattern forbids a real path, wherever it lies. */
  readonly isDenied: (real: string) => boolean
}

interface Root {
  readonly given: string
  readonly real: string
  readonly isWritable: boolean
}

const maxPathLength = 4096

/** What is wrong with a path before anybody looks at the disk. */
const pathProblem = (given: string): string | undefined => {
  if (given === "") return "it is empty"
  if (given.length > maxPathLength) return `it is longer than ${maxPathLength} characters`
  // A half character names another file than it shows; a control character hides what is named.
  if (!given.isWellFormed()) return "it is no well-formed text"
  if (hasControl(given)) return "it contains control characters"
  if (/^~|\$\{|\$\(/.test(given)) return "~ and variables are not replaced; give the path itself"
  return undefined
}

const resolveProblems: Readonly<Partial<Record<FaultKind, string>>> = {
  NotFolder: "a file stands where it needs a folder",
  Link: "it goes through a symbolic link"
}

const hasControl = (text: string): boolean => {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true
  }
  return false
}

const makeDenied = (patterns: ReadonlyArray<string>, path: Path.Path) => {
  const tests = patterns.map((pattern) => {
    const test = globTest(pattern, { ignoresCase: true })
    // A pattern that is none refuses everything: to allow what somebody wanted to forbid would be worse.
    const isMatch = test._tag === "Success" ? test.success : () => true
    const isName = !pattern.includes("/")
    const isBelow = pattern.endsWith("/**")
    const own = isBelow ? globTest(pattern.slice(0, -3), { ignoresCase: true }) : undefined
    return (real: string): boolean =>
      isName
        ? real.split(path.sep).some((name) => isMatch(name))
        : isMatch(real) || (own?._tag === "Success" && own.success(real))
  })
  const known = new Map<string, boolean>()
  return (real: string): boolean => {
    const before = known.get(real)
    if (before !== undefined) return before
    const slashed = path.sep === "/" ? real : real.replaceAll(path.sep, "/")
    // `**/name` is a path without a slash before it.
    const isDenied = tests.some((test) => test(slashed) || test(slashed.slice(1)))
    if (known.size >= maxKnown) known.clear()
    known.set(real, isDenied)
    return isDenied
  }
}

/** Paths whose answer is remembered. */
const maxKnown = 10_000

/** The policy of these options. Fails where one of the folders is not there. */
export const makePathPolicy = Effect.fnUntraced(function* (options: PathOptions) {
  const path = yield* Path.Path
  const files = yield* DirectFiles
  const rootOf = (isWritable: boolean) => (given: string) =>
    files.realPath(given).pipe(
      Effect.map((real): Root => ({ given: path.resolve(given), real, isWritable })),
      Effect.mapError(() => new ToolRootMissing({ path: given }))
    )
  const roots = [
    ...(yield* Effect.forEach(options.roots, rootOf(true))),
    ...(yield* Effect.forEach(options.readOnlyRoots, rootOf(false)))
  ]
  const cwd = yield* Effect.mapError(files.realPath(options.cwd), () => new ToolRootMissing({ path: options.cwd }))
  const isDenied = makeDenied(options.deny, path)
  const blocked = options.blockedExtensions.map((extension) => extension.toLowerCase())

  const relativeTo = (root: string, real: string): string | undefined => {
    if (real === root) return ""
    const prefix = root.endsWith(path.sep) ? root : `${root}${path.sep}`
    return real.startsWith(prefix) ? real.slice(prefix.length) : undefined
  }
  /** The innermost root decides. */
  const rootAround = (real: string): Root | undefined => {
    let found: Root | undefined
    for (const root of roots) {
      if (relativeTo(root.real, real) !== undefined && (found === undefined || root.real.length >= found.real.length))
        found = root
    }
    return found
  }

  const objection = (real: string, use: PathUse): string | undefined => {
    const root = rootAround(real)
    if (root === undefined) return "it is outside the folders that the tools may use"
    if (isDenied(real)) return "a pattern of tools.paths.deny forbids it"
    const depth = (relativeTo(root.real, real) ?? "").split(path.sep).length
    if (depth > options.maxDepth) return `it is more than ${options.maxDepth} folders deep (tools.paths.maxDepth)`
    return use === "write" ? objectionToWriting(root, real) : undefined
  }
  const objectionToWriting = (root: Root, real: string): string | undefined => {
    if (!root.isWritable) return "its folder may be read only"
    if (protectedPaths.has(real)) return "it says what the tools may do, so that only a person changes it"
    if (real === root.real) return "it is the folder itself"
    const name = path.basename(real).toLowerCase()
    const ending = blocked.find((extension) => name.endsWith(extension))
    return ending === undefined
      ? undefined
      : `files that end in ${ending} are not written (tools.paths.blockedExtensions)`
  }

  /** The real path; where there is nothing, that of the nearest folder above, and the rest as it is written. */
  const realOf = (lexical: string): Effect.Effect<{ readonly real: string; readonly exists: boolean }, FileFault> =>
    files.realPath(lexical).pipe(
      Effect.map((real) => ({ real, exists: true })),
      Effect.catchIf(
        (fault) => fault.kind === "NotFound" && path.dirname(lexical) !== lexical,
        () => Effect.andThen(noLink(lexical), belowReal(lexical))
      )
    )
  const belowReal = (lexical: string) =>
    Effect.map(realOf(path.dirname(lexical)), ({ real }) => ({
      real: path.join(real, path.basename(lexical)),
      exists: false
    }))
  /** A link to nothing is there, although nothing is where it leads. */
  const noLink = (lexical: string) =>
    files.details(lexical).pipe(
      Effect.catchIf(
        ({ kind }) => kind === "NotFound",
        () => Effect.undefined
      ),
      Effect.flatMap((details) =>
        details?.kind === "link" ? Effect.fail(new FileFault({ kind: "Link", detail: "ELOOP" })) : Effect.void
      )
    )

  const protectedPaths = new Set(
    yield* Effect.forEach(options.protect, (given) => {
      const lexical = path.resolve(cwd, given)
      return Effect.orElseSucceed(realOf(lexical), () => ({ real: lexical })).pipe(Effect.map(({ real }) => real))
    })
  )

  /** What the real path would be if no link stood in it. */
  const withoutLinks = (lexical: string): string => {
    for (const root of roots) {
      const inside = relativeTo(root.given, lexical) ?? relativeTo(root.real, lexical)
      if (inside !== undefined) return inside === "" ? root.real : path.join(root.real, inside)
    }
    return lexical
  }

  const decide = Effect.fnUntraced(function* (given: string, use: PathUse, from: string = cwd) {
    const refuse = (reason: string) => new PathRefused({ path: given, reason })
    const problem = pathProblem(given)
    if (problem !== undefined) return yield* refuse(problem)
    const lexical = path.resolve(from, given)
    const expected = withoutLinks(lexical)
    // What is outside by its name alone is not even looked for: whether it exists is nobody's business.
    const byName = options.followsSymlinks ? undefined : objection(expected, use)
    if (byName !== undefined) return yield* refuse(byName)
    const found = yield* Effect.mapError(realOf(lexical), ({ detail, kind }) =>
      refuse(resolveProblems[kind] ?? `it cannot be resolved (${detail})`)
    )
    if (!options.followsSymlinks && found.real !== expected) return yield* refuse("it goes through a symbolic link")
    const reason = objection(found.real, use)
    if (reason !== undefined) return yield* refuse(reason)
    const place: Place = { given, ...found }
    return place
  })
  const policy: PathPolicy = { cwd, decide, objection, isDenied }
  return policy
})
