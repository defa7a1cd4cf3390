/**
 * NotebookRead and NotebookEdit.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect, Random, Schema } from "effect"
import { builtIn, invalidInput } from "../BuiltIn.ts"
import type { Workspace } from "../paths/Workspace.ts"
import { headOf } from "../result.ts"
import type { BuiltInName } from "../ToolsOptions.ts"
import {
  type CellName,
  findCell,
  joined,
  newCell,
  type Notebook,
  parseNotebook,
  printNotebook,
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

const shownCell = (one: JsonObject, index: number, withOutputs: boolean): string => {
  const id = typeof one["id"] === "string" ? one["id"] : `cell-${index}`
  const outputs: ReadonlyArray<unknown> = Array.isArray(one["outputs"]) ? one["outputs"] : []
  const printed = withOutputs ? outputs.map(outputText).filter((text) => text !== "") : []
  const source = joined(one["source"])
  return [`[${index}] ${id} (${String(one["cell_type"])})`, source, ...printed.map((text) => `Output:\n${text}`)].join(
    "\n"
  )
}

/** Makes the tool. */
export const notebookReadTool = (workspace: Workspace) =>
  builtIn({
    name: "NotebookRead",
    description: "Shows the cells of a Jupyter notebook, or one of them.",
    input: ReadInput,
    annotations: { title: "Read a notebook", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* (input) {
      const given = yield* pathOf("NotebookRead", input)
      const place = yield* workspace.policy.decide(given, "read")
      const notebook = yield* parseNotebook(given, (yield* workspace.readText(place)).text)
      const name = nameOf(input)
      const only = name === undefined ? undefined : yield* findCell(given, notebook, name)
      const shown = notebook.cells.flatMap((one, index) =>
        only === undefined || only === index ? [shownCell(one, index, input.include_outputs ?? true)] : []
      )
      return {
        text: shown.length === 0 ? "The notebook has no cells." : shown.join("\n\n"),
        data: { cells: notebook.cells.length }
      }
    })
  })

type EditRequest = typeof EditInput.Type

const typeOf = (cell: JsonObject | undefined): string =>
  typeof cell?.["cell_type"] === "string" ? cell["cell_type"] : "code"

const replaceCell = (notebook: Notebook, index: number, source: string, type: string | undefined) => {
  const old = notebook.cells[index]
  return old === undefined ? notebook.cells : notebook.cells.with(index, withSource(old, source, type ?? typeOf(old)))
}

const wantedSource = ({ new_content, new_source = new_content }: EditRequest) =>
  new_source?.isWellFormed() === true
    ? Effect.succeed(new_source)
    : Effect.fail(invalidInput("NotebookEdit", "new_source", "Expected the text of the cell, well-formed"))

const edit = Effect.fnUntraced(function* (given: string, notebook: Notebook, input: EditRequest) {
  const { cell_type, edit_mode: mode = "replace" } = input
  const name = nameOf(input)
  if (mode !== "insert" && name === undefined)
    return yield* invalidInput("NotebookEdit", "cell_id", "Expected the cell that is meant")
  const index = name === undefined ? -1 : yield* findCell(given, notebook, name)
  if (mode === "delete") return { cells: notebook.cells.toSpliced(index, 1), index }
  const source = yield* wantedSource(input)
  return mode === "replace"
    ? { cells: replaceCell(notebook, index, source, cell_type), index }
    : yield* insertCell(notebook, index, source, cell_type ?? "code")
})

const insertCell = Effect.fnUntraced(function* (notebook: Notebook, index: number, source: string, type: string) {
  const id = (yield* Random.nextIntBetween(0x10000000, 0x7fffffff)).toString(16)
  const added = newCell(notebook, id, source, type)
  return { cells: notebook.cells.toSpliced(index + 1, 0, added), index: index + 1 }
})

const encoder = new TextEncoder()
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
      const place = yield* workspace.policy.decide(given, "write")
      const change = Effect.gen(function* () {
        const before = yield* workspace.readText(place)
        const notebook = yield* parseNotebook(given, before.text)
        const { cells, index } = yield* edit(given, notebook, input)
        yield* workspace.writeFile(place, encoder.encode(printNotebook(notebook, cells)), before)
        return { index, count: cells.length }
      })
      const { count, index } = yield* workspace.exclusive(place)(change)
      const mode = input.edit_mode ?? "replace"
      return {
        text: `Cell ${index} of ${given} was ${done[mode]}; it has ${count} cells.`,
        data: { index, cells: count }
      }
    })
  })
