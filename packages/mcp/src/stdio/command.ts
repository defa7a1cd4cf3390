/**
 * Finds the program of a server before anything is started, so that the error names what was looked for
 * and where. Node's own ENOENT blames the program when it is the working directory that is missing.
 */
import { Effect, FileSystem, Path } from "effect"
import { SpawnFailed } from "../connectErrors.ts"
import { type MaybeSecret, type StdioOptions } from "../ServerOptions.ts"
import { lookupVariable } from "./environment.ts"

type Environment = Readonly<Record<string, MaybeSecret>>

/** The file to start, with the extension that Windows needs. */
export const resolveCommand = Effect.fnUntraced(function* (
  serverName: string,
  options: StdioOptions,
  env: Environment
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

  const { files, searchedPath } = candidates(options, env, path)
  for (const file of files) if (yield* isKind(file, "File")) return file
  return yield* failed("CommandNotFound", searchedPath)
})

/** What the command may mean, in order, and the PATH that says so where it is a mere name. */
const candidates = ({ command, cwd = "." }: StdioOptions, env: Environment, path: Path.Path) => {
  const withExtensions = extender(env, path)
  if (command.includes("/") || command.includes(path.sep)) {
    return { files: withExtensions(path.resolve(cwd, command)), searchedPath: undefined }
  }
  const searchedPath = lookupVariable(env, "PATH") ?? ""
  const directories = searchedPath.split(path.sep === "\\" ? ";" : ":").filter((directory) => directory !== "")
  const files = directories.flatMap((directory) => withExtensions(path.resolve(cwd, directory, command)))
  return { files, searchedPath }
}

/** Only Windows has `PATHEXT`; there a program is found by its extension, elsewhere by a permission. */
const extender = (env: Environment, path: Path.Path) => {
  const extensions = lookupVariable(env, "PATHEXT")
    ?.split(";")
    .filter((extension) => extension !== "")
  return (file: string): ReadonlyArray<string> =>
    extensions === undefined || path.extname(file) !== ""
      ? [file]
      : extensions.map((extension) => `${file}${extension.toLowerCase()}`)
}
