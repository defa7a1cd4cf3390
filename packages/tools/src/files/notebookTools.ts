/**
 * NotebookRead and NotebookEdit.
 */
import { type InvalidParams, isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect, Random, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import type { NotebookInvalid } from "../errors.ts"
import type { Workspace } from "../paths/Workspace.ts"
import { headOf } from "../result.ts"
import type { BuiltInName } from "../ToolsOptions.ts"
import {
  type CellChange,
  type CellName,
  changeCell,
  findCell,
  joined,
  newCell,
  type Notebook,
  parseNotebook,
  withSource
} from "./notebook.ts"

const file = {
  notebook_path: Schema.optionalKey(Schema.String.annotate({ description: "The notebook (.ipynb)." })),
  file_path: Schema.optionalKey(Schema.String.annotate({ description: "The same as notebook_path." }))
}
const cell = {
  cell_id: Schema.optionalKey(
    Schema.String.annotate({ description: "The id of a cell, or cell-N for its place from 0." })
  ),
  cell_index: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({ description: "The place of a cell, from 0." })
  )
}

const ReadInput = Schema.Struct({
  ...file,
  ...cell,
  include_outputs: Schema.optionalKey(Schema.Boolean.annotate({ description: "Show what the cells printed, too." }))
})

const EditInput = Schema.Struct({
  ...file,
  ...cell,
  new_source: Schema.optionalKey(Schema.String.annotate({ description: "The new text of the cell." })),
  new_content: Schema.optionalKey(Schema.String.annotate({ description: "The same as new_source." })),
  cell_type: Schema.optionalKey(Schema.Literals(["code", "markdown"])),
  edit_mode: Schema.optionalKey(
    Schema.Literals(["replace", "insert", "delete"]).annotate({
      description: "replace by default. insert puts a new cell after the named one, or first where none is named."
    })
  )
})

type Named = {
  readonly notebook_path?: string
  readonly file_path?: string
  readonly cell_id?: string
  readonly cell_index?: number
}

const pathOf = (tool: BuiltInName, { file_path, notebook_path }: Named) => {
  const path = notebook_path ?? file_path
  return path === undefined
    ? Effect.fail(invalidInput(tool, "notebook_path", "Expected the path of the notebook"))
    : Effect.succeed(path)
}

const nameOf = ({ cell_id, cell_index }: Named): CellName | undefined => cell_id ?? cell_index

const maxOutput = 500

const outputText = (output: unknown): string => {
  if (!isJsonObject(output)) return ""
  const data = isJsonObject(output["data"]) ? output["data"] : {}
  const text = joined(output["text"]) || joined(data["text/plain"]) || joined(output["traceback"])
  return text.length <= maxOutput ? text : `${headOf(text, maxOutput)} [... ${text.length} characters]`
}

interface ShownCell {
  readonly index: number
  readonly id: string
  readonly type: string
  readonly source: string
  readonly outputs: ReadonlyArray<string>
}

const shownCell = (one: JsonObject, index: number, withOutputs: boolean): ShownCell => {
  const outputs: ReadonlyArray<unknown> = Array.isArray(one["outputs"]) ? one["outputs"] : []
  return {
    index,
    id: typeof one["id"] === "string" ? one["id"] : `cell-${index}`,
    type: String(one["cell_type"]),
    source: joined(one["source"]),
    outputs: withOutputs ? outputs.map(outputText).filter((text) => text !== "") : []
  }
}

const textOf = ({ id, index, outputs, source, type }: ShownCell): string =>
  [`[${index}] ${id} (${type})`, source, ...outputs.map((text) => `Output:\n${text}`)].join("\n")

/** Makes the tool. */
export const notebookReadTool = (workspace: Workspace) =>
  builtIn({
    name: "NotebookRead",
    description: "Shows the cells of a Jupyter notebook, or one of them.",
    input: ReadInput,
    annotations: { title: "Read a notebook", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* (input) {
      const given = yield* pathOf("NotebookRead", input)
      const place = yield* workspace.decideFile(given, "read")
      const notebook = yield* parseNotebook(given, (yield* workspace.readText(place)).text)
      const name = nameOf(input)
      const only = name === undefined ? undefined : yield* findCell(given, notebook, name)
      const shown = notebook.cells.flatMap((one, index) =>
        only === undefined || only === index ? [shownCell(one, index, input.include_outputs ?? true)] : []
      )
      return {
        text: shown.length === 0 ? "The notebook has no cells." : shown.map(textOf).join("\n\n"),
        data: { count: notebook.cells.length, cells: shown }
      }
    })
  })

type EditRequest = typeof EditInput.Type

const typeOf = (cell: JsonObject | undefined): string =>
  typeof cell?.["cell_type"] === "string" ? cell["cell_type"] : "code"

const wantedSource = ({ new_content, new_source = new_content }: EditRequest) =>
  new_source?.isWellFormed() === true
    ? Effect.succeed(new_source)
    : Effect.fail(invalidInput("NotebookEdit", "new_source", "Expected the text of the cell, well-formed"))

const changeOf = Effect.fnUntraced(function* (
  given: string,
  notebook: Notebook,
  input: EditRequest
): Effect.fn.Return<CellChange, InvalidParams | NotebookInvalid> {
  const { cell_type, edit_mode: mode = "replace" } = input
  const name = nameOf(input)
  if (mode !== "insert" && name === undefined)
    return yield* invalidInput("NotebookEdit", "cell_id", "Expected the cell that is meant")
  const index = name === undefined ? -1 : yield* findCell(given, notebook, name)
  if (mode === "delete") return { mode, index }
  const source = yield* wantedSource(input)
  if (mode === "replace") {
    const old = notebook.cells[index] ?? {}
    return { mode, index, cell: withSource(old, source, cell_type ?? typeOf(old)) }
  }
  const id = (yield* Random.nextIntBetween(0x10000000, 0x7fffffff)).toString(16)
  return { mode, index: index + 1, cell: newCell(notebook, id, source, cell_type ?? "code") }
})

const encoder = new TextEncoder()
/** How many more cells there are then. */
const growth = { replace: 0, insert: 1, delete: -1 } as const
const done = { replace: "replaced", insert: "inserted", delete: "deleted" } as const

/** Makes the tool. */
export const notebookEditTool = (workspace: Workspace) =>
  builtIn({
    name: "NotebookEdit",
    description: "Replaces, inserts or deletes one cell of a Jupyter notebook. The other cells stay as they are.",
    input: EditInput,
    annotations: {
      title: "Edit a notebook",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false
    },
    run: Effect.fnUntraced(function* (input) {
      const given = yield* pathOf("NotebookEdit", input)
      const place = yield* workspace.decideFile(given, "write")
      const change = Effect.gen(function* () {
        const before = yield* workspace.readText(place)
        const notebook = yield* parseNotebook(given, before.text)
        const change = yield* changeOf(given, notebook, input)
        yield* workspace.writeFile(place, encoder.encode(changeCell(notebook, change)), before)
        return { index: change.index, count: notebook.cells.length + growth[change.mode] }
      })
      const { count, index } = yield* workspace.exclusive(place)(change)
      const mode = input.edit_mode ?? "replace"
      return {
        text: `Cell ${index} of ${given} was ${done[mode]}; it has ${count} cells.`,
        data: { index, cells: count }
      }
    })
  })
