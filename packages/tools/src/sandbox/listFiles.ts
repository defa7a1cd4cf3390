/**
 * Files that patterns may mean, found by the system's own `find`: a whole project is looked through for each command.
 */
import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** `find` knows no braces, and its `*` goes over slashes: what it finds is more than is meant, and is looked at again. */
const testsOf = (pattern: string): ReadonlyArray<string> => {
  const loose = pattern
    .replaceAll(/\{[^}]*\}/g, "*")
    .replaceAll(/\\./g, "?")
    .replaceAll("/**/", "/*")
    .replace(/^\*\*\//, "*/")
    .replaceAll("**", "*")
  if (!pattern.includes("/")) return ["-iname", loose]
  const below = pattern.endsWith("/**") ? ["-o", "-ipath", loose.slice(0, -2)] : []
  return ["-ipath", loose, ...below]
}

/** All below the folders that the patterns may mean. What lies below one that was found is not looked at. */
export const listFiles = Effect.fnUntraced(function* (
  patterns: ReadonlyArray<string>,
  folders: ReadonlyArray<string>
): Effect.fn.Return<
  { readonly paths: ReadonlyArray<string> } | { readonly problem: string },
  never,
  ChildProcessSpawner.ChildProcessSpawner
> {
  if (patterns.length === 0) return { paths: [] }
  const tests = patterns.flatMap((pattern, index) => [...(index === 0 ? [] : ["-o"]), ...testsOf(pattern)])
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const command = ChildProcess.make("/usr/bin/find", [...folders, "(", ...tests, ")", "-prune", "-print0"], {
    cwd: "/",
    env: { LC_ALL: "C" },
    extendEnv: false,
    stdin: "ignore",
    // What it may not look at, the command may not either.
    stderr: "ignore",
    forceKillAfter: "100 millis"
  })
  return yield* Effect.scoped(
    Effect.flatMap(spawner.spawn(command), (child) => Stream.mkString(Stream.decodeText(child.stdout)))
  ).pipe(
    Effect.match({
      onFailure: ({ message }) => ({ problem: `what it must not see could not be looked for (${message})` }),
      onSuccess: (text) => ({ paths: text.split("\0").filter((found) => found !== "") })
    })
  )
})
