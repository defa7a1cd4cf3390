/**
 * Which files hold instructions: the user's own, then those of the repository from its root down to the working folder, the
 * nearest last. Nothing else outside the repository is read, also not by a link.
 */
import { Effect, FileSystem, Path } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { resolveUserPath } from "./userPath.ts"

/** A file that was found. */
export interface InstructionFile {
  /** As a person knows it: from the root of the repository, or as it stands in the configuration. */
  readonly label: string
  readonly path: string
}

/** The folders from the root of the repository down to this one; this one alone where it is in none. */
const foldersOf = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const above: Array<string> = []
  for (let at = folder; ; at = path.dirname(at)) {
    above.unshift(at)
    if (yield* Effect.orElseSucceed(fs.exists(path.join(at, ".git")), () => false)) return above
    if (path.dirname(at) === at) return [folder]
  }
})

const isFile = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(file).pipe(
    Effect.map(({ type }) => type === "File"),
    Effect.orElseSucceed(() => false)
  )
})

/** All of them, the nearest last, and sentences about those that are passed over. */
export const findInstructions = Effect.fnUntraced(function* (
  { directory, options }: Pick<LoadedConfig, "directory" | "options">,
  environment: Readonly<Record<string, string | undefined>>
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { files, own } = options.conversation.instructions
  const found: Array<InstructionFile> = []
  const notes: Array<string> = []
  const ownPath = own === "" ? undefined : yield* resolveUserPath(own, directory, environment)
  if (ownPath !== undefined && (yield* isFile(ownPath))) found.push({ label: own, path: ownPath })
  if (files.length === 0) return { files: found, notes }
  const given = path.resolve(directory, options.tools.paths.cwd)
  const working = yield* Effect.orElseSucceed(fs.realPath(given), () => given)
  const folders = yield* foldersOf(working)
  const root = folders[0] ?? working
  const isInside = (real: string) => real.startsWith(root.endsWith(path.sep) ? root : `${root}${path.sep}`)
  for (const folder of folders) {
    for (const name of files) {
      const file = path.join(folder, name)
      if (!(yield* isFile(file))) continue
      const label = path.relative(root, file)
      const real = yield* Effect.orElseSucceed(fs.realPath(file), () => "")
      if (isInside(real)) found.push({ label, path: real })
      else notes.push(`${label} is passed over: it is a link out of ${root}.`)
      break
    }
  }
  return { files: found, notes }
})
