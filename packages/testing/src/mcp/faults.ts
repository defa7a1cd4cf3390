/**
 * Finds the fault of a request: reads the texts of `--fault` and of the flags that are short for one, and counts the
 * requests of each place. See `faultTable` for the grammar.
 */
import { type FaultKind, faultTable } from "./faultTable.ts"
import { FlagError, type ParsedFlags } from "./flags.ts"

/** Where in the conversation a fault stands. */
export type Place = "initialize" | "list" | "call"

/** A fault that is due. */
export interface DueFault {
  readonly kind: FaultKind
  readonly value: string | undefined
}

interface Plan extends DueFault {
  readonly place: Place
  readonly which: string | undefined
}

/** Counts requests and answers with the first fault that is due; throws `FlagError` for a text that it cannot read. */
export const makeFaults = (flags: ParsedFlags) => {
  const plans = [
    ...flags.fault.map((text) => readFault(text, flags.http === undefined ? "stdio" : "http")),
    ...shortcut("error", flags.failCall, "call"),
    ...shortcut("never", flags.hangCall, "call"),
    ...(flags.hangInit ? [{ kind: "never", value: undefined, place: "initialize", which: undefined } as const] : [])
  ]
  const counts: Record<Place, number> = { initialize: 0, list: 0, call: 0 }
  return (place: Place, tool: string | undefined): DueFault | undefined => {
    counts[place] += 1
    const nth = String(counts[place])
    return plans.find(
      (plan) => plan.place === place && (plan.which === undefined || plan.which === nth || plan.which === tool)
    )
  }
}

/** Whether the fault answers before the request is looked at. */
export const isEarly = (fault: DueFault): boolean => "isEarly" in faultTable[fault.kind]

const shortcut = (kind: FaultKind, nth: number | undefined, place: Place): ReadonlyArray<Plan> =>
  nth === undefined ? [] : [{ kind, value: undefined, place, which: String(nth) }]

const readFault = (text: string, transport: "stdio" | "http"): Plan => {
  // The last "@" divides, since a VALUE may be a URL.
  const at = text.lastIndexOf("@")
  const what = at === -1 ? text : text.slice(0, at)
  const where = at === -1 ? "call" : text.slice(at + 1)
  const [kind, value] = divide(what)
  const [place, which] = divide(where)
  if (!isKind(kind)) throw new FlagError(`--fault ${text}: there is no fault "${kind}". See fx-mcp --help.`)
  if (place !== "initialize" && place !== "list" && place !== "call") {
    throw new FlagError(`--fault ${text}: "${place}" is not one of initialize, list, call.`)
  }
  const lack = lackOf(kind, value, transport)
  if (lack !== undefined) throw new FlagError(`--fault ${text}: "${kind}" needs ${lack}.`)
  return { kind, value, place, which }
}

/** What a fault cannot do without. */
const lackOf = (kind: FaultKind, value: string | undefined, transport: "stdio" | "http"): string | undefined => {
  const row = faultTable[kind]
  if ("only" in row && row.only !== transport) return row.only === "http" ? "--http" : "stdio (no --http)"
  return kind === "hold" && (value ?? "") === "" ? "a file, hold:FILE" : undefined
}

const isKind = (kind: string): kind is FaultKind => Object.hasOwn(faultTable, kind)

const divide = (text: string): readonly [string, string | undefined] => {
  const colon = text.indexOf(":")
  return colon === -1 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)]
}
