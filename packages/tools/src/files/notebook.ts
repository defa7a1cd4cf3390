/**
 * Jupyter notebooks (nbformat 4) as text: cells are read as data, and changed where they stand in the text, so that
 * everything else keeps every byte.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect, Result } from "effect"
import { NotebookInvalid } from "../errors.ts"

/** A notebook that was read. */
export interface Notebook {
  readonly content: JsonObject
  readonly cells: ReadonlyArray<JsonObject>
  /** What one step is indented by. */
  readonly indent: string
  readonly endsWithLine: boolean
}

/** What a cell is found by: its id, or its place from 0. */
export type CellName = string | number

/** Reads the text of a notebook. */
export const parseNotebook = (path: string, text: string): Effect.Effect<Notebook, NotebookInvalid> => {
  const problem = (reason: string) => Effect.fail(new NotebookInvalid({ path, reason }))
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return problem("it is no JSON")
  const content = parsed.success
  if (!isJsonObject(content) || !Array.isArray(content["cells"])) return problem("it has no list of cells")
  const cells: ReadonlyArray<unknown> = content["cells"]
  if (!cells.every((cell) => isJsonObject(cell) && typeof cell["cell_type"] === "string"))
    return problem("one of its cells is none")
  return Effect.succeed({
    content,
    // The line above has looked at each of them.
    cells: cells as ReadonlyArray<JsonObject>,
    indent: /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? "",
    endsWithLine: text.endsWith("\n")
  })
}

/** The text of a cell, or of what it printed: nbformat has both as one text or as a list of lines. */
export const joined = (value: unknown): string =>
  typeof value === "string" ? value : Array.isArray(value) ? value.map(String).join("") : ""

/** A text as nbformat stores it: lines that keep their ends. */
const asLines = (text: string): ReadonlyArray<string> => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** Where the cell stands. */
export const findCell = (path: string, { cells }: Notebook, name: CellName): Effect.Effect<number, NotebookInvalid> => {
  const index =
    typeof name === "number" ? name : cells.findIndex((cell, at) => cell["id"] === name || `cell-${at}` === name)
  return index >= 0 && index < cells.length
    ? Effect.succeed(index)
    : Effect.fail(
        new NotebookInvalid({ path, reason: `it has no cell ${JSON.stringify(name)}; it has ${cells.length} cells` })
      )
}

/** The notebook with other cells, as text. */
export const printNotebook = ({ content, endsWithLine, indent }: Notebook, cells: ReadonlyArray<JsonObject>): string =>
  `${JSON.stringify({ ...content, cells }, null, indent)}${endsWithLine ? "\n" : ""}`

/** A cell with another text. What code printed belongs to the old text and is dropped. */
export const withSource = (cell: JsonObject, source: string, type: string): JsonObject => {
  const { execution_count: _count, outputs: _outputs, ...rest } = cell
  const base = { ...rest, cell_type: type, source: asLines(source) }
  return type === "code" ? { ...base, execution_count: null, outputs: [] } : base
}

/** A new cell. Ids are part of the format from 4.5. */
export const newCell = ({ content }: Notebook, id: string, source: string, type: string): JsonObject => {
  const minor = typeof content["nbformat_minor"] === "number" ? content["nbformat_minor"] : 0
  const hasIds = Number(content["nbformat"] ?? 4) > 4 || minor >= 5
  return withSource({ ...(hasIds ? { id } : {}), cell_type: type, metadata: {} }, source, type)
}
