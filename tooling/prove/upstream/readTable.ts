/** The table as it stands in a document, case by case. */
import { type Api, apis, type Case, type Form, forms } from "./cases.ts"

/** Names a case as rows do. */
const keyOf = (fault: string, upstream: string, api: string, form: string): string =>
  [fault, upstream, api, form].join(" | ")

/** The same for a case. */
export const keyOfCase = ({ api, fault, form, upstream }: Case): string => keyOf(fault.name, upstream, api, form)

/** `messages, chat whole`: an API alone is both of its forms. */
const waysIn = (cell: string): ReadonlyArray<readonly [Api, Form]> =>
  cell
    .split(", ")
    .flatMap((way) =>
      apis.flatMap((api) =>
        forms.flatMap((form) => (way === api || way === `${api} ${form}` ? [[api, form] as const] : []))
      )
    )

const rowsIn = (markdown: string): ReadonlyArray<ReadonlyArray<string>> =>
  markdown
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| ?| ?\|$/g, "").trim()))
    .slice(2)

/** What it says of each case: the cells between what the case is and the time. Every case has to stand there once. */
export const readTable = (markdown: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const rows = new Map<string, ReadonlyArray<string>>()
  for (const [fault = "", upstreams = "", ways = "", ...cells] of rowsIn(markdown)) {
    for (const upstream of upstreams.split(", ")) {
      for (const [api, form] of waysIn(ways)) {
        const key = keyOf(fault, upstream, api, form)
        if (rows.has(key)) throw new Error(`the table has two rows for ${key}`)
        rows.set(key, cells.slice(0, -1))
      }
    }
  }
  return rows
}
