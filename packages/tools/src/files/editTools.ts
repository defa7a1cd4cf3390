/**
 * Edit and MultiEdit: changes of pieces of a text file. Edits of one file come one after the other, however many are
 * asked for at once.
 */
import { Effect, Result, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import { EditFailed } from "../errors.ts"
import type { Workspace } from "../paths/Workspace.ts"
import { applyEdits, type TextEdit } from "./applyEdits.ts"

const filePath = Schema.String.annotate({
  description: "The file, as an absolute path or from the working directory."
})
const piece = {
  old_string: Schema.String.annotate({ description: "The text to replace, exactly as it stands in the file." }),
  new_string: Schema.String.annotate({ description: "The text to put there." }),
  replace_all: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Replace every occurrence. Otherwise there must be exactly one." })
  )
}

const EditInput = Schema.Struct({
  file_path: filePath,
  ...piece,
  expected_replacements: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description: "How many occurrences there have to be; all of them are replaced."
    })
  )
})

const MultiEditInput = Schema.Struct({
  file_path: filePath,
  edits: Schema.Array(Schema.Struct(piece))
    .check(Schema.isMinLength(1))
    .annotate({ description: "Applied in this order, each to what the one before has left; all of them or none." })
})

const annotations = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false }
const encoder = new TextEncoder()

const editOf = (
  { new_string, old_string, replace_all }: (typeof MultiEditInput.Type.edits)[number],
  expected?: number
): TextEdit => ({
  oldText: old_string,
  newText: new_string,
  expected: expected ?? (replace_all === true ? "any" : 1)
})

const change = Effect.fnUntraced(function* (
  workspace: Workspace,
  given: string,
  edits: ReadonlyArray<TextEdit>,
  isNumbered: boolean
) {
  const place = yield* workspace.decideFile(given, "write")
  const edit = Effect.gen(function* () {
    const file = yield* workspace.readText(place)
    const edited = applyEdits(file.text, edits)
    if (Result.isSuccess(edited)) {
      yield* workspace.writeFile(place, encoder.encode(edited.success.text), file)
      return {
        text: `${given} was changed in ${edited.success.count} place${edited.success.count === 1 ? "" : "s"}.`,
        count: edited.success.count
      }
    }
    const { edit, isApplied, reason } = edited.failure
    // A model that was cut off asks again: that what it wants is there already is no failure.
    if (isApplied && edits.length === 1)
      return { text: `${given} has the new text already, and the old one nowhere; nothing was changed.`, count: 0 }
    return yield* new EditFailed({ path: given, reason, ...(isNumbered ? { edit } : {}) })
  })
  const { count, text } = yield* workspace.exclusive(place)(edit)
  return { text, data: { path: place.real, replacements: count } }
})

/** Whether a model gave half a character, which no file can hold. */
const isBroken = (edits: ReadonlyArray<TextEdit>): boolean => edits.some(({ newText }) => !newText.isWellFormed())

/** Makes the tool. */
export const editTool = (workspace: Workspace) =>
  builtIn({
    name: "Edit",
    description:
      "Replaces a piece of a text file. The old text must be given exactly as it stands there, and must occur once, unless replace_all is true.",
    input: EditInput,
    annotations: { title: "Edit a file", ...annotations },
    run: ({ expected_replacements, file_path, ...edit }) => {
      const edits = [editOf(edit, expected_replacements)]
      return isBroken(edits)
        ? Effect.fail(invalidInput("Edit", "new_string", "Expected a well-formed text"))
        : change(workspace, file_path, edits, false)
    }
  })

/** Makes the tool. */
export const multiEditTool = (workspace: Workspace) =>
  builtIn({
    name: "MultiEdit",
    description: "Makes several replacements in one text file, in order, all of them or none.",
    input: MultiEditInput,
    annotations: { title: "Edit a file in several places", ...annotations },
    run: ({ edits, file_path }) => {
      const all = edits.map((edit) => editOf(edit))
      return isBroken(all)
        ? Effect.fail(invalidInput("MultiEdit", "edits", "Expected well-formed texts"))
        : change(workspace, file_path, all, true)
    }
  })
