/**
 * Where two values of JSON part.
 */
import { Predicate } from "effect"

/** The first place where two values differ, and what stands there. `undefined` is nothing. */
export interface ValueDifference {
  /** As in a program: `messages[2].content[0].text`; empty for the whole. */
  readonly path: string
  readonly recorded: unknown
  readonly now: unknown
}

const below = (path: string, key: string): string => {
  if (/^\d+$/.test(key)) return `${path}[${key}]`
  return /^[A-Za-z_][\w-]*$/.test(key) ? (path === "" ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`
}

/** The first difference in the order of the recorded value; `undefined` where there is none. */
export const firstDifference = (recorded: unknown, now: unknown, path = ""): ValueDifference | undefined => {
  if (Object.is(recorded, now)) return undefined
  if (!Predicate.isObjectOrArray(recorded) || !Predicate.isObjectOrArray(now)) return { path, recorded, now }
  if (Array.isArray(recorded) !== Array.isArray(now)) return { path, recorded, now }
  const before = new Map<string, unknown>(Object.entries(recorded))
  const after = new Map<string, unknown>(Object.entries(now))
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [left, right] = [before.get(key), after.get(key)]
    const difference = firstDifference(left, right, below(path, key))
    if (difference !== undefined) return difference
  }
  return undefined
}

const longestShown = 160

/** What is common at the beginning of two long texts says nothing. */
const commonLength = (a: string, b: string): number => {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

const shorten = (value: unknown, from: number): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  const start = Math.max(0, from - 40)
  const part = text.slice(start, start + longestShown)
  return `${start > 0 ? "…" : ""}${part}${start + longestShown < text.length ? "…" : ""}`
}

/** Both sides of a difference, for a person. */
export const showDifference = ({ now, path, recorded }: ValueDifference): string => {
  const from =
    Predicate.isString(recorded) && Predicate.isString(now)
      ? commonLength(JSON.stringify(recorded), JSON.stringify(now))
      : 0
  const place = path === "" ? "" : `${path}: `
  return `${place}recorded ${shorten(recorded, from)}, now ${shorten(now, from)}`
}
