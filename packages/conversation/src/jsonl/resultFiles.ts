/**
 * Long results of tools as files beside the conversations that they belong to: a folder for each owner, readable by its user
 * alone. It goes with the conversation; one that belongs to none goes a day after its last result.
 */
import { makeCorrelationId } from "@signalbox/errors"
import { Clock, Duration, Effect, FileSystem, Option, Path } from "effect"
import type { ResultStore } from "../context/ResultStore.ts"
import { fileError, isMissing } from "./fileErrors.ts"
import { fileNameOf } from "./fileNames.ts"

const suffix = ".results"

/** The folder of an owner, by the file of its conversation. */
export const resultFolderOf = (conversationFile: string): string => conversationFile.replace(/\.jsonl$/, suffix)

/** What a program left behind that was killed is of no use after this time. */
const maxAge = Duration.days(1)

const idPattern = /^r_[a-z0-9-]+$/

/** Keeps results in a folder, which may be that of `layerJsonl`: then they go with their conversations. */
export const makeResultFiles = (folder: string): Effect.Effect<ResultStore, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    let hasSwept = false

    const folderOf = (owner: string) => Effect.map(fileNameOf(owner), (name) => path.join(folder, resultFolderOf(name)))

    /** Folders without a conversation to which nothing was added for long. Others may be removing the same ones. */
    const sweep = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const names = new Set(yield* fs.readDirectory(folder))
      for (const name of names) {
        if (!name.endsWith(suffix) || names.has(`${name.slice(0, -suffix.length)}.jsonl`)) continue
        const { mtime } = yield* fs.stat(path.join(folder, name))
        const touched = Option.getOrUndefined(mtime)?.getTime() ?? now
        if (now - touched > Duration.toMillis(maxAge)) yield* fs.remove(path.join(folder, name), { recursive: true })
      }
    }).pipe(Effect.ignore)

    const keep = Effect.fn("ResultStore.keep")(function* (owner: string, text: string) {
      if (!hasSwept) {
        hasSwept = true
        yield* sweep
      }
      const own = yield* folderOf(owner)
      const id = `r_${(yield* makeCorrelationId).toLowerCase()}`
      const file = path.join(own, `${id}.txt`)
      yield* Effect.mapError(
        Effect.andThen(
          fs.makeDirectory(own, { recursive: true, mode: 0o700 }),
          fs.writeFileString(file, text, { flag: "wx", mode: 0o600 })
        ),
        fileError(file)
      )
      return id
    })

    const read = Effect.fn("ResultStore.read")(function* (owner: string, id: string) {
      // It comes from a model, and is part of a path.
      if (!idPattern.test(id)) return undefined
      const file = path.join(yield* folderOf(owner), `${id}.txt`)
      return yield* fs.readFileString(file).pipe(
        Effect.catchIf(isMissing, () => Effect.succeed(undefined)),
        Effect.mapError(fileError(file))
      )
    })

    const forget = Effect.fn("ResultStore.forget")(function* (owner: string) {
      const own = yield* folderOf(owner)
      yield* Effect.mapError(fs.remove(own, { recursive: true, force: true }), fileError(own))
    })

    return { keep, read, forget }
  })
