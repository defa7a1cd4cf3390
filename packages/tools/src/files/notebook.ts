/**
 * Jupyter notebooks (nbformat 4) as text: cells are read as data, and changed where they stand in the text, so that
 * everything else keeps every byte.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect, Result } from "effect"
import { NotebookInvalid } from "../errors.ts"
import { findList, type ListPiece } from "./jsonPieces.ts"

/** A notebook that was read. */
export interface Notebook {
  readonly content: JsonObject
  readonly cells: ReadonlyArray<JsonObject>
  /** What it was read from. */
  readonly text: string
}

/** What is to be done to the cells; `index` is where the cell stands, or will stand. */
export type CellChange =
  | { readonly mode: "replace" | "insert"; readonly index: number; readonly cell: JsonObject }
  | { readonly mode: "delete"; readonly index: number }

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
    text
  })
}

/** The text of a cell, or of what it printed: nbformat has both as one text or as a list of lines. */
export const joined = (value: unknown): string =>
  typeof value === "string" ? value : Array.isArray(value) ? value.map(String).join("") : ""

/** A text as nbformat stores it: lines that keep their ends. */
const asLines = (text: string): ReadonlyArray<string> => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** Where the cell stands. */
export const findCell = (path: string, { cells }: Notebook, name: CellName): Effect.Effect<number, NotebookInvalid> => {
  const byId = cells.findIndex((cell) => cell["id"] === name)
  const index = typeof name === "number" ? name : byId >= 0 ? byId : cells.findIndex((_, at) => `cell-${at}` === name)
  return index >= 0 && index < cells.length
    ? Effect.succeed(index)
    : Effect.fail(
        new NotebookInvalid({ path, reason: `it has no cell ${JSON.stringify(name)}; it has ${cells.length} cells` })
      )
}

/** How the cells of a notebook are set: what stands before one, what before the end of the list, and a cell as text. */
const settingOf = (text: string, { items, start }: ListPiece) => {
  const indent = /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? ""
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n"
  const newLine = (depth: number): string => (indent === "" ? "" : lineEnd + indent.repeat(depth))
  const [first] = items
  const before = first === undefined ? newLine(2) : text.slice(start + 1, first.start)
  const base = before.slice(before.lastIndexOf("\n") + 1)
  const print = (cell: JsonObject): string => JSON.stringify(cell, null, indent).replaceAll("\n", lineEnd + base)
  return { before, atEnd: newLine(1), print }
}

const put = (text: string, start: number, end: number, piece: string): string =>
  text.slice(0, start) + piece + text.slice(end)

const insert = (text: string, list: ListPiece, index: number, cell: JsonObject): string => {
  const { atEnd, before, print } = settingOf(text, list)
  const [next, last] = [list.items[index], list.items.at(-1)]
  if (last === undefined) return put(text, list.start, list.end, `[${before}${print(cell)}${atEnd}]`)
  return next === undefined
    ? put(text, last.end, last.end, `,${before}${print(cell)}`)
    : put(text, next.start, next.start, `${print(cell)},${before}`)
}

const remove = (text: string, { end, items, start }: ListPiece, index: number): string => {
  const [previous, one, next] = [items[index - 1], items[index], items[index + 1]]
  if (one !== undefined && next !== undefined) return put(text, one.start, next.start, "")
  return previous === undefined ? put(text, start, end, "[]") : put(text, previous.end, one?.end ?? previous.end, "")
}

/** The text with a cell changed. Everything else stays as it is written. */
export const changeCell = ({ text }: Notebook, change: CellChange): string => {
  const list = findList(text, "cells")
  // It was read as one.
  if (list === undefined) return text
  const { index, mode } = change
  if (mode === "delete") return remove(text, list, index)
  if (mode === "insert") return insert(text, list, index, change.cell)
  const one = list.items[index]
  return one === undefined ? text : put(text, one.start, one.end, settingOf(text, list).print(change.cell))
}

/** A cell with another text. What code printed belongs to the old text and is dropped. */
export const withSource = (cell: JsonObject, source: string, type: string): JsonObject => {
  const { attachments, execution_count: _count, outputs: _outputs, ...rest } = cell
  const base = { ...rest, cell_type: type, source: asLines(source) }
  if (type === "code") return { ...base, execution_count: null, outputs: [] }
  // Only text has them.
  return attachments === undefined ? base : { ...base, attachments }
}

/** A new cell. Ids are part of the format from 4.5. */
export const newCell = ({ content }: Notebook, id: string, source: string, type: string): JsonObject => {
  const minor = typeof content["nbformat_minor"] === "number" ? content["nbformat_minor"] : 0
  const hasIds = Number(content["nbformat"] ?? 4) > 4 || minor >= 5
  return withSource({ ...(hasIds ? { id } : {}), cell_type: type, metadata: {} }, source, type)
}
