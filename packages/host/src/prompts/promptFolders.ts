/**
 * The Markdown files of the folders that the configuration names, as commands: `git/commit.md` is `git:commit`. They are
 * read anew each time, so that a file that was changed counts at once.
 */
import { fileTrouble } from "@signalbox/errors"
import { Effect, FileSystem, Path } from "effect"
import { isOfUser, resolveUserPath } from "../rules/userPath.ts"
import { type PromptFile, readPromptFile } from "./promptFile.ts"

/** A command that is a file. */
export interface FoundPromptFile extends PromptFile {
  readonly name: string
  /** The path of the file. */
  readonly path: string
  readonly isOfUser: boolean
}

/** All that there are, and what is wrong with others: sentences with file and line. */
export interface PromptFolders {
  readonly files: ReadonlyArray<FoundPromptFile>
  readonly problems: ReadonlyArray<string>
}

/** Longer files are no prompts. */
const maxBytes = 256 * 1024

const isName = (name: string): boolean => /^[\w.-]+(?::[\w.-]+)*$/.test(name)

interface Folder {
  readonly path: string
  readonly isOfUser: boolean
}

const readFile = Effect.fnUntraced(function* (folder: Folder, relative: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(folder.path, relative)
  const problem = (line: number, message: string) => `${file}:${line}: ${message}`
  const name = relative.slice(0, -".md".length).split(path.sep).join(":")
  if (!isName(name)) return { problems: [problem(1, "its name has more than letters, digits, _, - and .")] }
  const { size, type } = yield* fs.stat(file)
  if (type !== "File") return { problems: [] }
  if (size > maxBytes) return { problems: [problem(1, `it is longer than ${maxBytes} bytes`)] }
  const { file: read, problems } = readPromptFile(yield* fs.readFileString(file))
  return {
    problems: problems.map(({ line, message }) => problem(line, message)),
    ...(read === undefined ? {} : { found: { ...read, name, path: file, isOfUser: folder.isOfUser } })
  }
})

const readFolder = Effect.fnUntraced(function* (folder: Folder) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder.path, { recursive: true }), () => [])
  const relative = names.filter((name) => name.endsWith(".md")).toSorted()
  return yield* Effect.forEach(relative, (name) =>
    Effect.catch(
      readFile(folder, name),
      (error): Effect.Effect<{ readonly problems: ReadonlyArray<string>; readonly found?: FoundPromptFile }> =>
        Effect.succeed({ problems: [`${path.join(folder.path, name)}:1: it cannot be read: ${fileTrouble(error)}`] })
    )
  )
})

/** Reads the folders; of two files of one name, the one in the earlier folder counts. */
export const readPromptFolders = Effect.fnUntraced(function* (
  folders: ReadonlyArray<string>,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>
) {
  const found = new Map<string, FoundPromptFile>()
  const problems: Array<string> = []
  for (const given of folders) {
    const path = yield* resolveUserPath(given, directory, environment)
    if (path === undefined) continue
    for (const read of yield* readFolder({ path, isOfUser: isOfUser(given) })) {
      problems.push(...read.problems)
      if (read.found !== undefined && !found.has(read.found.name)) found.set(read.found.name, read.found)
    }
  }
  return { files: [...found.values()], problems } satisfies PromptFolders
})
