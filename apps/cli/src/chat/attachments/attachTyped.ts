/**
 * Finds the files that a person has named in a message. What was only pasted, and what a model says, names none.
 */
import { Array as Arr, Effect } from "effect"
import { existsSync } from "node:fs"
import { isAbsolute } from "node:path"
import { pathsIn } from "./pathsIn.ts"
import { placeOf, readAttachment } from "./readAttachment.ts"

/** What is known of the message beside its text. */
export interface TypedMessage {
  readonly text: string
  readonly directory: string
  /** Whether words were pasted in a longer text. */
  readonly wasPasted: (words: string) => boolean
}

/** A name without a place may be that of a file that is to be made; whoever names a place, or drags a file, means one. */
const isMeant = (path: string, directory: string): boolean =>
  isAbsolute(path) || path.startsWith("~/") || existsSync(placeOf(path, directory))

/** The files that can be sent, each once, and what is wrong with the first that cannot. */
export const attachTyped = Effect.fnUntraced(function* ({ directory, text, wasPasted }: TypedMessage) {
  const found = new Map<string, string>()
  for (const { path, written } of pathsIn(text)) {
    if (!wasPasted(written) && isMeant(path, directory)) found.set(placeOf(path, directory), path)
  }
  const read = yield* Effect.forEach(found.values(), (path) => Effect.result(readAttachment(path, directory)))
  return { files: Arr.getSuccesses(read), problem: Arr.getFailures(read)[0] }
})
