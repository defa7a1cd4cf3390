/**
 * What servers may ask back: what the front end of this program answers, and the folders that the configuration names.
 */
import { noQuestions, type Questions } from "@signalbox/mcp"
import { Effect, Path } from "effect"
import type { LoadedConfig } from "./config/ConfigFile.ts"

/** Nothing is declared that nobody answers: a server that is told of roots may use them instead of its own folders. */
export const askedBack = Effect.fnUntraced(function* (
  { directory, options }: LoadedConfig,
  answered: Questions | undefined
) {
  const path = yield* Path.Path
  const given = answered ?? noQuestions
  const { roots } = options.runtime
  if (roots.length === 0) return given
  const folders = yield* Effect.forEach(roots, (folder) => {
    const resolved = path.resolve(directory, folder)
    return Effect.map(Effect.orDie(path.toFileUrl(resolved)), ({ href }) => ({
      uri: href,
      name: path.basename(resolved)
    }))
  })
  return { ...given, roots: folders } satisfies Questions
})
