/**
 * The text of a file that a person has named on the command line. Where there is none, the error says where it was looked for,
 * and what to do.
 */
import { fileTrouble } from "@signalbox/errors"
import { nearestName } from "@signalbox/model"
import { Effect, FileSystem, Path, type PlatformError } from "effect"
import { FileUnusable } from "./errors.ts"
import { Setting } from "./Setting.ts"

/** What a person can do about it. */
const adviceOn = Effect.fnUntraced(function* (file: string, { reason }: PlatformError.PlatformError) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (reason._tag === "PermissionDenied") return "Let this user read it, or name a copy that may be read."
  if (reason._tag !== "NotFound") return "Name a file with text in it."
  const { directory } = yield* Setting
  const names = yield* Effect.orElseSucceed(fs.readDirectory(path.dirname(file)), () => [])
  const nearest = nearestName(path.basename(file), names)
  return nearest === undefined
    ? `Name a file that is there; a path that does not begin with / starts from ${directory}.`
    : `Did you mean "${nearest}"?`
})

/** Reads it; a relative path starts from where the program was started. Fails where nothing is in it. */
export const readNamedFile = Effect.fnUntraced(function* (name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { directory } = yield* Setting
  const file = path.resolve(directory, name)
  const text = yield* Effect.catch(fs.readFileString(file), (error) =>
    Effect.flatMap(adviceOn(file, error), (advice) => new FileUnusable({ file, reason: fileTrouble(error), advice }))
  )
  if (text.trim() === "")
    return yield* new FileUnusable({ file, reason: "it is empty", advice: "Name a file with text in it." })
  return text
})
