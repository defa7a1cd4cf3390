/**
 * The outcomes as a table: cases of one fault that come to the same are one row.
 */
import type { Seen } from "../upstream.ts"
import { apis, type Case, forms, upstreams } from "./cases.ts"
import type { Outcome } from "./outcome.ts"

const columns: Readonly<Record<keyof Outcome, string>> = {
  status: "HTTP",
  type: "error type, code",
  code: "our code",
  retryAfter: "retry-after",
  text: "text",
  ends: "ends with",
  raises: "client raises",
  requests: "asked"
}

const keys = Object.keys(columns) as ReadonlyArray<keyof Outcome> // Of the object above.

/** The last column alone depends on the machine. */
const heads = ["fault", "upstream", "API", ...keys.map((key) => columns[key]), "after"]

/** What a row says of a case beside what the case is. */
export const cellsOf = ({ outcome }: Seen): ReadonlyArray<string> => keys.map((key) => String(outcome[key]))

const groupBy = <A>(values: ReadonlyArray<A>, keyOf: (value: A) => string): ReadonlyArray<ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const value of values) {
    const key = keyOf(value)
    groups.set(key, [...(groups.get(key) ?? []), value])
  }
  return [...groups.values()]
}

const wayOf = ({ api, form }: Case): string => `${api} ${form}`

const upstreamsOf = (seen: ReadonlyArray<Seen>): string => {
  const met = new Set(seen.map(({ one }) => one.upstream))
  return upstreams.filter((upstream) => met.has(upstream)).join(", ")
}

/** The APIs, each with its forms where it is not both. */
const waysOf = (seen: ReadonlyArray<Seen>): string => {
  const met = new Set(seen.map(({ one }) => wayOf(one)))
  return apis
    .flatMap((api) => {
      const of = forms.filter((form) => met.has(`${api} ${form}`))
      return of.length === 0 ? [] : [of.length === forms.length ? api : `${api} ${of.join("")}`]
    })
    .join(", ")
}

/** To a second, of the quickest: what is faster than any wait depends on the machine. */
const after = (seen: ReadonlyArray<Seen>): string => {
  const seconds = Math.round(Math.min(...seen.map(({ millis }) => millis)) / 1000)
  return seconds < 2 ? "at once" : `${seconds} s`
}

const rowsOf = (all: ReadonlyArray<Seen>): ReadonlyArray<ReadonlyArray<string>> =>
  groupBy(all, (seen) => JSON.stringify([seen.one.fault.name, ...cellsOf(seen)])).flatMap((same) => {
    const ofWay = groupBy(same, ({ one }) => wayOf(one))
    return groupBy(ofWay, upstreamsOf).map((ways) => {
      const seen = ways.flat()
      return [
        ...seen.slice(0, 1).map(({ one }) => one.fault.name),
        upstreamsOf(seen),
        waysOf(seen),
        ...seen.slice(0, 1).flatMap(cellsOf),
        after(seen)
      ]
    })
  })

/** Its heads first. */
export const tableOf = (all: ReadonlyArray<Seen>): ReadonlyArray<ReadonlyArray<string>> => [heads, ...rowsOf(all)]
