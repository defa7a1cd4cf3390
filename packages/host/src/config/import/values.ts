/**
 * Values of foreign files, read as loosely as other programs read them, and limits in the words of `signalbox.yaml`.
 */
import { isTree } from "../tree.ts"
import type { Remarks } from "./ForeignFormat.ts"

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

export const textsOf = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

export const tableOf = (value: unknown): Readonly<Record<string, string>> =>
  isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)])) : {}

/** `{ [key]: value }`, or nothing where there is no value. */
export const given = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  // The key is there only with its value.
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })

const positive = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined)

/** A number of milliseconds as a duration of the configuration. */
export const millis = (value: unknown): string | undefined => {
  const amount = positive(value)
  if (amount === undefined) return undefined
  return amount % 1000 === 0 ? seconds(amount / 1000) : `${amount} millis`
}

/** A number of seconds as a duration of the configuration. */
export const seconds = (value: unknown): string | undefined => {
  const amount = positive(value)
  if (amount === undefined) return undefined
  return amount === 1 ? "1 second" : `${amount} seconds`
}

/** Lists of tools that may or may not be called; nothing where neither is given. */
export const toolsOf = (allow: unknown, deny: unknown) => {
  const lists = {
    ...given("allow", Array.isArray(allow) ? textsOf(allow) : undefined),
    ...given("deny", Array.isArray(deny) && deny.length > 0 ? textsOf(deny) : undefined)
  }
  return Object.keys(lists).length === 0 ? {} : { tools: lists }
}

/** A number within its range, or nothing; one outside is a fault. */
export const within = (
  value: unknown,
  key: string,
  [minimum, maximum]: readonly [number, number],
  remarks: Pick<Remarks, "fault">
): number | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "number" && value >= minimum && value <= maximum) return value
  remarks.fault(key, `expected a number from ${minimum} to ${maximum}, found ${JSON.stringify(value)}`)
  return undefined
}
