/**
 * Finds the program of a server before anything is started, so that the error names what was looked for
 * and where. Node's own ENOENT blames the program when it is the working directory that is missing.
 */
import { Effect, FileSystem, Path } from "effect"
import { SpawnFailed } from "../connectErrors.ts"
import { type MaybeSecret, type StdioOptions } from "../ServerOptions.ts"
import { lookupVariable } from "./environment.ts"

/** The file to start, with the extension that Windows needs. */
export const resolveCommand = Effect.fnUntraced(function* (
  serverName: string,
  options: StdioOptions,
  env: Readonly<Record<string, MaybeSecret>>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { command, cwd } = options
  const failed = (reason: SpawnFailed["reason"], searchedPath?: string) =>
    new SpawnFailed({ serverName, command, reason, searchedPath, cwd })

  const isKind = (file: string, kind: FileSystem.File.Type) =>
    fileSystem.stat(file).pipe(
      Effect.map((info) => info.type === kind),
      Effect.orElseSucceed(() => false)
    )
  if (cwd !== undefined && !(yield* isKind(cwd, "Directory"))) return yield* failed("DirectoryNotFound")

  // Only Windows has this variable; there a program is found by its extension, elsewhere by a permission.
  const extensions = lookupVariable(env, "PATHEXT")
    ?.split(";")
    .filter((extension) => extension !== "")
  const candidates = (file: string) =>
    extensions === undefined || path.extname(file) !== ""
      ? [file]
      : extensions.map((extension) => `${file}${extension.toLowerCase()}`)

  if (command.includes("/") || command.includes(path.sep)) {
    const base = path.resolve(cwd ?? ".", command)
    for (const file of candidates(base)) if (yield* isKind(file, "File")) return file
    return yield* failed("CommandNotFound")
  }

  const searched = lookupVariable(env, "PATH") ?? ""
  const separator = path.sep === "\\" ? ";" : ":"
  for (const directory of searched.split(separator)) {
    if (directory === "") continue
    for (const file of candidates(path.resolve(cwd ?? ".", directory, command))) {
      if (yield* isKind(file, "File")) return file
    }
  }
  return yield* failed("CommandNotFound", searched)
})
