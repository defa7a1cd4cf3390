/** Lines that are no records, kept beside the file for whoever wants to know: `<file>.rejected`. */
import { Effect, FileSystem } from "effect"

/** Adds the lines that are not there yet: every process that reads the file comes here. Answers with where they are. */
export const quarantine = Effect.fnUntraced(function* (
  path: string,
  rejected: ReadonlyArray<{ readonly text: string }>
) {
  const fs = yield* FileSystem.FileSystem
  const file = `${path}.rejected`
  const known = new Set((yield* Effect.orElseSucceed(fs.readFileString(file), () => "")).split("\n"))
  const texts = new Set(rejected.map(({ text }) => text))
  const added = [...texts].filter((text) => !known.has(text)).map((text) => `${text}\n`)
  if (added.length > 0) yield* fs.writeFileString(file, added.join(""), { flag: "a", mode: 0o600 })
  return file
})
