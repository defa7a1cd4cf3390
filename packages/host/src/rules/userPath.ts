/**
 * Paths of the configuration that may begin with `~`: the home of whoever runs the program.
 */
import { Effect, Path } from "effect"

type Environment = Readonly<Record<string, string | undefined>>

/** The home folder as the environment names it; `undefined` where it names none. */
const homeOf = (environment: Environment): string | undefined => {
  const home = environment["HOME"] ?? environment["USERPROFILE"]
  return home === undefined || home === "" ? undefined : home
}

/** Whether a path of the configuration is the user's own, wherever the configuration is. */
export const isOfUser = (given: string): boolean => given === "~" || given.startsWith("~/")

/** The path itself, relative ones in the folder of the configuration; `undefined` where it needs a home and there is none. */
export const resolveUserPath = Effect.fnUntraced(function* (
  given: string,
  directory: string,
  environment: Environment
) {
  const path = yield* Path.Path
  if (!isOfUser(given)) return path.resolve(directory, given)
  const home = homeOf(environment)
  return home === undefined ? undefined : path.join(home, given.slice(1))
})
