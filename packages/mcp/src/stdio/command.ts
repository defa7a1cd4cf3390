/**
 * Finds the program of a server before anything is started, so that the error names what was looked for
 * and where. Node's own ENOENT blames the program when it is the working directory that is missing.
 */
import { Effect, FileSystem, Path } from "effect"
import { SpawnFailed } from "../connectErrors.ts"
import type { MaybeSecret, StdioOptions } from "../ServerOptions.ts"
import { isBatchFile, readShim } from "./batchShim.ts"
import { lookupVariable } from "./environment.ts"

type Environment = Readonly<Record<string, MaybeSecret>>

/** What is to be started. */
export interface Program {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

/** The file to start, with the extension that Windows needs, and all arguments. A shim is replaced by its program. */
export const resolveCommand = Effect.fnUntraced(function* (
  serverName: string,
  options: StdioOptions,
  env: Environment
): Effect.fn.Return<Program, SpawnFailed, FileSystem.FileSystem | Path.Path> {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { command, cwd } = options
  const failed = (reason: SpawnFailed["reason"], searchedPath?: string, missing = command) =>
    new SpawnFailed({ serverName, command: missing, reason, searchedPath, cwd })

  const isKind = (file: string, kind: FileSystem.File.Type) =>
    fileSystem.stat(file).pipe(
      Effect.map((info) => info.type === kind),
      Effect.orElseSucceed(() => false)
    )
  if (cwd !== undefined && !(yield* isKind(cwd, "Directory"))) return yield* failed("DirectoryNotFound")

  const find = Effect.fnUntraced(function* (name: string) {
    const { files, searchedPath } = candidates({ command: name, cwd }, env, path)
    for (const file of files) if (yield* isKind(file, "File")) return { file, searchedPath }
    return { file: undefined, searchedPath }
  })
  const { file, searchedPath } = yield* find(command)
  if (file === undefined) return yield* failed("CommandNotFound", searchedPath)
  if (path.sep !== "\\" || !isBatchFile(file)) return { file, args: options.args }
  const text = yield* Effect.orElseSucceed(fileSystem.readFileString(file), () => "")
  let failure = failed("BatchFile")
  for (const { args, program } of readShim(text, path.dirname(file))) {
    const target = yield* find(program)
    if (target.file !== undefined && !isBatchFile(target.file)) {
      return { file: target.file, args: [...args, ...options.args] }
    }
    failure = failed("CommandNotFound", target.searchedPath, program)
  }
  return yield* failure
})

/** What the command may mean, in order, and the PATH that says so where it is a mere name. */
const candidates = (
  { command, cwd = "." }: Pick<StdioOptions, "command" | "cwd">,
  env: Environment,
  path: Path.Path
) => {
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
