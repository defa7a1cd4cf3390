/**
 * What a command in a sandbox sees of this machine: programs and their settings to look at, the folders of the path
 * policy as that says, and nothing else. What the policy denies is covered, wherever it lies in them.
 */
import { Effect, FileSystem, Path } from "effect"
import type { PathOptions } from "../ToolsOptions.ts"
import { DirectFiles, type EntryKind } from "../paths/DirectFiles.ts"
import type { PathPolicy } from "../paths/PathPolicy.ts"
import { listFiles } from "./listFiles.ts"

/** One thing that is seen, under the name that it has outside. The later of two covers the earlier. */
export type SeenPlace =
  | { readonly use: "look" | "change" | "coverFolder" | "coverFile"; readonly path: string }
  | { readonly use: "link"; readonly path: string; readonly target: string }

/** All that is seen, outer folders before inner ones. */
export interface SandboxView {
  readonly places: ReadonlyArray<SeenPlace>
  readonly cwd: string
}

/** Where systems keep programs, their libraries and settings. What is not there is left out. */
const systemFolders = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/etc",
  "/opt",
  "/nix",
  "/gnu",
  "/run/current-system",
  // Where names of hosts are looked up, on some systems.
  "/run/systemd/resolve"
]

/** Of them, where somebody may have put secrets; the others come from packages. */
const ownSettings = ["/etc", "/opt", "/usr/local"]

/** A sandbox has its own of these. */
const ownOfSandbox: ReadonlySet<string> = new Set(["/", "/proc", "/sys", "/dev"])

/** More would not fit into the arguments of a program. */
const maxCovered = 2000

/** Why there can be no sandbox of these options, in words. */
export type ViewProblem = { readonly problem: string }

const isWithin = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`)

const byDepth = (one: SeenPlace, other: SeenPlace): number => one.path.split("/").length - other.path.split("/").length

/** What is seen at this moment. */
export const makeSandboxView = Effect.fnUntraced(function* (
  options: Pick<PathOptions, "deny" | "protect" | "readOnlyRoots" | "roots">,
  policy: PathPolicy
) {
  const files = yield* DirectFiles
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path

  const realOf = (given: ReadonlyArray<string>) =>
    Effect.forEach(given, (folder) => files.realPath(folder).pipe(Effect.orElseSucceed(() => folder)))
  const roots = yield* realOf(options.roots)
  const readOnlyRoots = yield* realOf(options.readOnlyRoots)
  const impossible = [...roots, ...readOnlyRoots].find((root) => ownOfSandbox.has(root))
  if (impossible !== undefined)
    return { problem: `${impossible} is a folder of tools.paths, and a sandbox has its own` } satisfies ViewProblem

  const kindOf = (place: string): Effect.Effect<EntryKind | undefined> =>
    files.details(place).pipe(
      Effect.map(({ kind }) => kind),
      Effect.orElseSucceed(() => undefined)
    )
  const system = (yield* Effect.forEach(systemFolders, (folder) =>
    Effect.gen(function* () {
      const kind = yield* kindOf(folder)
      if (kind === "folder") return [{ use: "look", path: folder } satisfies SeenPlace]
      if (kind !== "link") return []
      const target = yield* Effect.option(fs.readLink(folder))
      return target._tag === "Some" ? [{ use: "link", path: folder, target: target.value } satisfies SeenPlace] : []
    })
  )).flat()

  const granted: ReadonlyArray<SeenPlace> = [
    ...readOnlyRoots.map((root): SeenPlace => ({ use: "look", path: root })),
    ...roots.map((root): SeenPlace => ({ use: "change", path: root }))
  ]
  const own = granted.filter((place, index) => !granted.slice(index + 1).some((later) => later.path === place.path))
  const seen = [...system.filter(({ path: folder }) => !own.some((place) => place.path === folder)), ...own]

  /** Where something denied may lie, each folder once. */
  const searched = [...ownSettings, ...own.map((place) => place.path)].filter(
    (folder, index, all) =>
      all.indexOf(folder) === index && !all.some((other) => other !== folder && isWithin(other, folder))
  )
  const candidates = yield* listFiles(options.deny, searched)
  if ("problem" in candidates) return candidates
  const covered = new Map<string, SeenPlace>()
  for (const candidate of candidates.paths) {
    if (!policy.isDenied(candidate)) continue
    // A link is covered by covering what it leads to.
    const real = yield* files.realPath(candidate).pipe(Effect.orElseSucceed(() => undefined))
    if (real === undefined || !seen.some((place) => isWithin(place.path, real))) continue
    const kind = yield* kindOf(real)
    covered.set(real, { use: kind === "folder" ? "coverFolder" : "coverFile", path: real })
  }
  if (covered.size > maxCovered)
    return {
      problem: `tools.paths.deny names ${covered.size} files in the folders of the policy; ${maxCovered} can be covered`
    } satisfies ViewProblem
  const isSeen = (real: string) => !covered.has(real) && own.some((place) => isWithin(place.path, real))
  const kept = (yield* realOf(options.protect.map((given) => path.resolve(policy.cwd, given)))).filter(isSeen)
  const there = yield* Effect.filter(kept, (real) => Effect.map(kindOf(real), (kind) => kind !== undefined))
  const view: SandboxView = {
    places: [
      ...seen.toSorted(byDepth),
      ...[...covered.values(), ...there.map((real): SeenPlace => ({ use: "look", path: real }))].toSorted(byDepth)
    ],
    cwd: path.normalize(policy.cwd)
  }
  return view
})
