/**
 * Changing the configuration file: comments are kept, the result is checked before it is written, and it takes the
 * place of the old file in one step, so that nobody ever reads half of it.
 */
import { Effect, FileSystem, Path } from "effect"
import { ConfigNotFound, ConfigNotWritten } from "../errors.ts"
import { checkText, type ConfigSource, findConfig, type LoadedConfig } from "./ConfigFile.ts"
import { applyChanges, type ConfigChange, readDocument } from "./document.ts"
import { isTree, type Tree, valueAt } from "./tree.ts"
import { serversVariable } from "./variables.ts"

/** A configuration as it stands before a change. */
export interface EditableConfig {
  /** The path of the file as people write it. */
  readonly file: string
  readonly config: LoadedConfig
  /** The entries of the file itself, as they are written there. */
  readonly servers: Readonly<Record<string, unknown>>
}

/** What a change came to. */
export interface EditedConfig<A> {
  readonly file: string
  readonly value: A
  /** Whether anything was written. */
  readonly isChanged: boolean
}

const entriesIn = (text: string): Tree => {
  const servers = valueAt(readDocument(text).value, ["servers"])
  return isTree(servers) ? servers : {}
}

const replaceFile = Effect.fnUntraced(function* (file: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // Where the file is a link, the file behind it is meant.
  const target = yield* fs.realPath(file)
  const { mode } = yield* fs.stat(target)
  // A folder beside it: a file can only be renamed within one file system.
  const folder = yield* fs.makeTempDirectoryScoped({ directory: path.dirname(target), prefix: ".signalbox-" })
  const draft = path.join(folder, path.basename(target))
  yield* fs.writeFileString(draft, text)
  yield* fs.chmod(draft, mode & 0o777)
  yield* fs.rename(draft, target)
}, Effect.scoped)

/**
 * Changes the file of a source. `change` sees what is there, and answers with the changes and a value for the caller.
 * Fails, with nothing written, when the file is not sound before or would not be afterwards.
 */
export const editConfig = Effect.fn("editConfig")(function* <A, E, R>(
  source: ConfigSource,
  change: (
    before: EditableConfig
  ) => Effect.Effect<{ readonly changes: ReadonlyArray<ConfigChange>; readonly value: A }, E, R>
) {
  // Servers of the environment would stand over those of the file, which are the ones that are looked at here.
  const { [serversVariable]: _, ...environment } = source.environment
  const own: ConfigSource = { ...source, environment, whenMissing: "fail" }
  const found = yield* findConfig(own)
  const { config } = yield* checkText(own, found)
  if (found.file === undefined) return yield* new ConfigNotFound({ searched: [] })
  const { changes, value } = yield* change({ file: found.shown, config, servers: entriesIn(found.text) })
  const text = changes.length === 0 ? found.text : applyChanges(found.text, changes)
  const isChanged = text !== found.text
  if (isChanged) {
    yield* checkText(own, { ...found, text })
    yield* replaceFile(found.file, text).pipe(
      Effect.mapError((cause) => new ConfigNotWritten({ file: found.shown, reason: cause.message, cause }))
    )
  }
  return { file: found.shown, value, isChanged } satisfies EditedConfig<A>
})
