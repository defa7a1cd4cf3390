/**
 * All files below a folder, without following a link. Each folder is opened and looked at where it really is, so what
 * is exchanged while the walk goes on leads nowhere. Entries come in a fixed order.
 */
import { Effect, Path } from "effect"
import type { EntryDetails, EntryKind } from "../paths/DirectFiles.ts"
import type { Place } from "../paths/PathPolicy.ts"
import type { Workspace } from "../paths/Workspace.ts"

/** Something that the walk came across. */
export interface Found {
  readonly place: Place
  /** From the folder where the walk began, with slashes. */
  readonly relative: string
  readonly kind: EntryKind
  readonly details: EntryDetails | undefined
}

/** What a walk is told. */
export interface WalkOptions {
  /** Names of folders that are not gone into. */
  readonly skips: ReadonlySet<string>
  /** Whether details of files are wanted: they cost a look at each. */
  readonly wants: (relative: string) => boolean
  readonly needsDetails: boolean
  readonly maxEntries: number
}

/** Folders that hold what others have made: nobody means them when they search a project. */
export const usuallySkipped: ReadonlySet<string> = new Set([".git", ".hg", ".svn", "node_modules"])

/** Entries that one walk looks at, at most, whatever it is looking for. */
const maxVisited = 200_000

/** Walks from a folder. `isCut` says that there is more than was wanted. */
export const walk = Effect.fnUntraced(function* (workspace: Workspace, from: Place, options: WalkOptions) {
  const path = yield* Path.Path
  const found: Array<Found> = []
  let visited = 0
  let isCut = false

  const visit = (place: Place, prefix: string): Effect.Effect<ReadonlyArray<Found>> =>
    Effect.scoped(
      Effect.gen(function* () {
        const folder = yield* workspace.openFolder(place)
        const entries = (yield* folder.entries).toSorted((a, b) => (a.name < b.name ? -1 : 1))
        const below: Array<Found> = []
        for (const { kind, name } of entries) {
          if (++visited > maxVisited || found.length > options.maxEntries) break
          const real = path.join(place.real, name)
          if (workspace.policy.objection(real, "read") !== undefined) continue
          const relative = `${prefix}${name}`
          const entry = { place: { given: real, real, exists: true }, relative, kind, details: undefined }
          if (kind === "folder") {
            if (!options.skips.has(name)) below.push(entry)
          } else if (kind === "file" && options.wants(relative))
            found.push(options.needsDetails ? { ...entry, details: yield* folder.details(name) } : entry)
        }
        return below
      })
    ).pipe(
      // A folder that is gone by now, or closed to us, has nothing to be found.
      Effect.orElseSucceed(() => [])
    )

  const open: Array<{ readonly place: Place; readonly prefix: string }> = [{ place: from, prefix: "" }]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (visited > maxVisited || found.length > options.maxEntries) {
      isCut = true
      break
    }
    const below = yield* visit(next.place, next.prefix)
    open.push(...below.map(({ place, relative }) => ({ place, prefix: `${relative}/` })))
  }
  if (found.length > options.maxEntries) isCut = true
  return { found: found.slice(0, options.maxEntries), isCut }
})
