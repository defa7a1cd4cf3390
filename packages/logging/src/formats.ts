/**
 * The three spellings of a record. Each is one function from a record to text; JSON and logfmt are always one line.
 */
import { Predicate } from "effect"
import type { LogRecord } from "./logRecord.ts"
import type { Printable } from "./printable.ts"

/** One line of JSON with its keys in fixed order. */
export const formatJson = (record: LogRecord): string => JSON.stringify(record)

/** One line of `key=value` pairs. Objects are flattened with dots, lists are quoted JSON, null is left out. */
export const formatLogfmt = (record: LogRecord): string => pairs(record).join(" ")

/** For people: local time, level, message, fields; then the error with its hint, causes and stack on lines of their own. */
export const formatPretty = (record: LogRecord, colors: boolean): string => {
  const paint = colors ? paintAnsi : paintNothing
  const { correlation_id, error, level, message, ts, ...fields } = record
  const { span_id: _spanId, trace_id: _traceId, ...shown } = fields
  const details = pairs({ ...shown, correlation_id }).join(" ")
  const head = [
    paint(dim, localTime(ts)),
    paint(levelColors[level] ?? dim, level.toUpperCase().padEnd(5)),
    visible(message),
    paint(dim, details)
  ]
  const first = head.filter((part) => part !== "").join(" ")
  return error === undefined ? first : [first, ...errorLines(error, paint)].join("\n")
}

type Paint = (color: number, text: string) => string

const dim = 90
const levelColors: Readonly<Record<string, number>> = {
  fatal: 35,
  error: 31,
  warn: 33,
  info: 32,
  debug: 36,
  trace: dim
}

const paintAnsi: Paint = (color, text) => (text === "" ? "" : `\u001B[${color}m${text}\u001B[39m`)
const paintNothing: Paint = (_color, text) => text

const pad = (value: number, width = 2): string => String(value).padStart(width, "0")

const localTime = (ts: string): string => {
  const date = new Date(ts)
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`
}

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Logged text may come from anywhere: no control character reaches the terminal, and no line can pose as a record. */
const visible = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029]/gu, (character) =>
      character === "\n" || character === "\t" ? character : character === "\r" ? "" : escape(character)
    )
    .replaceAll("\n", "\n  ")

const errorLines = (error: Printable, paint: Paint): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let intro = ""
  for (let current: unknown = error; Predicate.isObject(current); current = Reflect.get(current, "cause")) {
    const read = (key: string): string => {
      const value: unknown = Predicate.isObject(current) ? Reflect.get(current, key) : undefined
      return typeof value === "string" ? visible(value) : ""
    }
    lines.push(`  ${intro}${paint(31, read("error_code"))} ${read("message")}`)
    if (read("hint") !== "") lines.push(`  hint: ${read("hint")}`)
    const frames = read("stack").split("\n").slice(1).join("\n")
    if (frames !== "") lines.push(paint(dim, frames))
    intro = "caused by "
  }
  return lines
}

const pairs = (fields: Readonly<Record<string, Printable | undefined>>, prefix = ""): ReadonlyArray<string> =>
  Object.entries(fields).flatMap(([key, value]) => {
    if (value === null || value === undefined) return []
    const name = `${prefix}${key.replace(/[\s="\p{Cc}]/gu, "_")}`
    return isFields(value) ? pairs(value, `${name}.`) : [`${name}=${quote(value)}`]
  })

const isFields = (value: Printable): value is { readonly [key: string]: Printable } => Predicate.isObject(value)

const quote = (value: Printable): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  // JSON leaves the control characters from U+007F on as they are; a terminal obeys some of them.
  return text === "" || /[\s="\\\p{Cc}]/u.test(text)
    ? JSON.stringify(text).replace(/[\u007F-\u009F\u2028\u2029]/g, escape)
    : text
}
