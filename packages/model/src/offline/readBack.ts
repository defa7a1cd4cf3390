/**
 * What tools answered, told plainly: texts as they are, JSON as short lines, errors with what to try next.
 */
import { Predicate } from "effect"
import type { Step } from "./conversation.ts"
import { parseJson } from "./literals.ts"

/** A longer text is cut, and says so. */
const maxCharacters = 6000
const maxDepth = 8

const scalar = (value: unknown): string =>
  typeof value === "string" ? value : value === null ? "none" : JSON.stringify(value)

const isScalar = (value: unknown): boolean => !Predicate.isObjectOrArray(value)

const short = (value: unknown): string | undefined => {
  if (isScalar(value)) return scalar(value)
  if (Array.isArray(value) && value.every(isScalar)) {
    const text = value.map(scalar).join(", ")
    return value.length === 0 ? "none" : text.length <= 80 ? text : undefined
  }
  return undefined
}

const lines = (value: unknown, indent: string, depth: number): ReadonlyArray<string> => {
  const brief = short(value)
  if (brief !== undefined && !Array.isArray(value)) return [`${indent}${brief}`]
  if (depth > maxDepth) return [`${indent}…`]
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}none`]
    return value.flatMap((item) => {
      const [first = "", ...rest] = lines(item, "", depth + 1)
      return [`${indent}- ${first}`, ...rest.map((line) => `${indent}  ${line}`)]
    })
  }
  const entries = Object.entries(Object(value))
  if (entries.length === 0) return [`${indent}none`]
  const flat = entries.map(([key, item]) => (isScalar(item) ? `${key}: ${scalar(item)}` : undefined))
  if (depth > 0 && flat.every((part) => part !== undefined) && flat.join(", ").length <= 100)
    return [`${indent}${flat.join(", ")}`]
  return entries.flatMap(([key, item]) => {
    const text = short(item)
    return text === undefined
      ? [`${indent}${key}:`, ...lines(item, `${indent}  `, depth + 1)]
      : [`${indent}${key}: ${text}`]
  })
}

/** A JSON value as short lines that a person can read. */
const readable = (value: unknown): string => lines(value, "", 0).join("\n")

const asText = (text: string): string => {
  const value = /^\s*[{[]/.test(text) ? parseJson(text) : undefined
  return value === undefined ? text : readable(value)
}

const cut = (text: string): string => {
  if (text.length <= maxCharacters) return text
  const left = text.length - maxCharacters
  return `${text.slice(0, maxCharacters).trimEnd()}\n… (${left.toLocaleString("en")} more characters are not shown)`
}

const advice: ReadonlyArray<readonly [RegExp, string]> = [
  [/^HOOK_REFUSED/, "A hook of the configuration does not allow this, whoever approves it."],
  [/no such file|enoent|not found|does ?n.t exist|unknown/i, "Check the name, or ask me to list what is there."],
  [
    /denied|not allowed|outside|permission|forbidden|eacces/i,
    "The server does not allow this; ask for something inside what it shares."
  ],
  [
    /declined|refused|rejected|nobody to ask|not approved/i,
    "It was not approved. Ask again and approve it if you want it."
  ],
  [/time[d ]*.?out|too long/i, "Try again, or ask for less at once."],
  [/already exists|eexist/i, "Choose another name."],
  [/invalid|required|validation|expected|schema/i, "Say the values by name, such as name=value."]
]

const failure = (step: Step): string => {
  const next = advice.find(([pattern]) => pattern.test(step.text))?.[1] ?? "Change the request and try again."
  return `${step.name} failed: ${cut(step.text.trim())}\n${next}`
}

const one = (step: Step): string => {
  if (step.isError) return failure(step)
  const text = step.text.trim()
  return text === "" || text === "done" ? `Done: ${step.name}.` : cut(asText(text))
}

/** What the adapters say in the place of a result that was waited for. */
const waited = /^Not run: it was waiting for approval/

/** The results of a request as one text; each under the name of its tool when there are several. */
export const readBack = (all: ReadonlyArray<Step>): string => {
  // A call that was approved afterwards has run under a further step.
  const steps = all.length > 1 ? all.filter(({ text }) => !waited.test(text)) : all
  const [only, ...others] = steps
  if (only === undefined) return ""
  if (others.length === 0) return one(only)
  return steps.map((step) => (step.isError ? failure(step) : `${step.name}:\n${one(step)}`)).join("\n\n")
}
