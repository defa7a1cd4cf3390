/**
 * All files below a folder, without following a link. Each folder is opened and looked at where it really is, so what
 * is exchanged while the walk goes on leads nowhere. Entries come in a fixed order.
 */
import { Effect, Path } from "effect"
import type { EntryDetails, EntryKind, OpenedFolder } from "../paths/DirectFiles.ts"
import type { Place } from "../paths/PathPolicy.ts"
import { explainFault, type Workspace } from "../paths/Workspace.ts"

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

/** Walks from a folder. `isCut` says that there is more than was wanted. Fails where that folder cannot be opened. */
export const walk = Effect.fnUntraced(function* (workspace: Workspace, from: Place, options: WalkOptions) {
  const { sep } = yield* Path.Path
  const found: Array<Found> = []
  let visited = 0

  const isFull = () => visited > maxVisited || found.length > options.maxEntries

  const visit = Effect.fnUntraced(function* (place: Place, prefix: string) {
    const folder = yield* workspace.openFolder(place)
    const entries = (yield* Effect.mapError(folder.entries, explainFault(place))).toSorted(byName)
    const base = place.real.endsWith(sep) ? place.real : `${place.real}${sep}`
    const below: Array<Found> = []
    for (const { kind, name } of entries) {
      visited++
      if (isFull()) break
      const relative = `${prefix}${name}`
      const isWanted = kind === "folder" ? !options.skips.has(name) : kind === "file" && options.wants(relative)
      const real = `${base}${name}`
      if (!isWanted || workspace.policy.objection(real, "read") !== undefined) continue
      const entry = { place: { given: real, real, exists: true }, relative, kind, details: undefined }
      if (kind === "folder") below.push(entry)
      else found.push(options.needsDetails ? { ...entry, details: yield* detailsIn(folder, name) } : entry)
    }
    return below
  }, Effect.scoped)

  const open: Array<Found> = [...(yield* visit(from, ""))]
  for (let next = open.shift(); next !== undefined && !isFull(); next = open.shift()) {
    // A folder that is gone by now, or closed to us, has nothing to be found.
    open.push(...(yield* Effect.orElseSucceed(visit(next.place, `${next.relative}/`), () => [])))
  }
  return { found: found.slice(0, options.maxEntries), isCut: isFull() }
})

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

/** What is gone by now has no details. */
const detailsIn = (folder: OpenedFolder, name: string) =>
  Effect.orElseSucceed(folder.details(name), (): EntryDetails | undefined => undefined)
