/**
 * Write: a whole file at once. Whoever reads meanwhile sees the old one or the new one, and a crash leaves one of both.
 */
import { Effect, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { FileTooLarge } from "../errors.ts"
import type { Place } from "../paths/PathPolicy.ts"
import type { Workspace } from "../paths/Workspace.ts"

const Input = Schema.Struct({
  file_path: Schema.String.annotate({ description: "The file, as an absolute path or from the working directory." }),
  content: Schema.String.annotate({ description: "The whole new content." })
})

const encoder = new TextEncoder()

/** What is there already, where a change needs it; without its content where that is too much to be kept. */
const existing = (workspace: Workspace, place: Place) =>
  place.exists && workspace.keepsImages
    ? Effect.catchTag(workspace.readBytes(place), "FileTooLarge", () =>
        Effect.scoped(Effect.map(workspace.openFile(place), ({ mode }) => ({ bytes: undefined, mode })))
      )
    : Effect.undefined

/** Makes the tool. */
export const writeTool = (workspace: Workspace, maxFileBytes: number) =>
  builtIn({
    name: "Write",
    description: "Writes a whole text file, in place of what is there, and makes the folders that it needs.",
    input: Input,
    annotations: {
      title: "Write a file",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: true,
      openWorldHint: false
    },
    run: Effect.fnUntraced(function* ({ content, file_path }) {
      const place = yield* workspace.decideFile(file_path, "write")
      // Half a character cannot be written, and another one must not stand in for it.
      if (!content.isWellFormed()) return yield* invalidInput("Write", "content", "Expected a well-formed text")
      const bytes = encoder.encode(content)
      if (bytes.length > maxFileBytes)
        return yield* new FileTooLarge({ path: file_path, bytes: bytes.length, limit: maxFileBytes })
      yield* workspace.exclusive(place)(
        Effect.flatMap(existing(workspace, place), (before) => workspace.writeFile(place, bytes, before))
      )
      return {
        text: `${file_path} written (${Array.from(content).length} characters).`,
        data: { path: place.real, bytes: bytes.length, created: !place.exists }
      }
    })
  })
