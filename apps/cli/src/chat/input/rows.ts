/**
 * A message of several rows, for terminals without a key for a line break: a row that ends with `\` goes on in the next one,
 * and whatever stands between `"""` and `"""` is one message. Pure.
 */

/** What has been typed of a message. */
export type Rows =
  | { readonly _tag: "Complete"; readonly text: string }
  /** `isBlock` within `"""`. */
  | { readonly _tag: "Open"; readonly isBlock: boolean; readonly rows: ReadonlyArray<string> }

const fence = '"""'

/** Where nothing has been typed yet. */
export const noRows: Rows = { _tag: "Open", isBlock: false, rows: [] }

const endsWithContinuation = (row: string): boolean => (/\\+$/.exec(row)?.[0].length ?? 0) % 2 === 1

const addToBlock = (rows: ReadonlyArray<string>, row: string): Rows => {
  const end = row.trimEnd()
  if (!end.endsWith(fence)) return { _tag: "Open", isBlock: true, rows: [...rows, row] }
  const last = end.slice(0, -fence.length)
  return { _tag: "Complete", text: [...rows, ...(last === "" ? [] : [last])].join("\n") }
}

/** The message with one more row. */
export const addRow = (message: Rows, row: string): Rows => {
  if (message._tag === "Complete") return addRow(noRows, row)
  const { isBlock, rows } = message
  if (isBlock) return addToBlock(rows, row)
  if (rows.length === 0 && row.trimStart().startsWith(fence)) {
    const first = row.trimStart().slice(fence.length)
    // Three quotation marks alone open a block: they cannot close it as well.
    return first === "" ? { _tag: "Open", isBlock: true, rows: [] } : addToBlock([], first)
  }
  return endsWithContinuation(row)
    ? { _tag: "Open", isBlock: false, rows: [...rows, row.slice(0, -1)] }
    : { _tag: "Complete", text: [...rows, row].join("\n") }
}
