/**
 * How the answer of a tool becomes the text that a model reads: never empty, and never longer than it may be.
 */
import { type ErrorJson, toJson } from "@signalbox/errors"
import { type ToolResult, textResult } from "@signalbox/model"
import type { ToolOutput } from "./BuiltIn.ts"
import type { BuiltInError } from "./errors.ts"

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff

/** The first part of a text, without half a character at its end. */
export const headOf = (text: string, length: number): string =>
  text.slice(0, length > 0 && isHighSurrogate(text.charCodeAt(length - 1)) ? length - 1 : length)

const tailOf = (text: string, length: number): string => {
  const start = text.length - length
  return text.slice(isLowSurrogate(text.charCodeAt(start)) ? start + 1 : start)
}

/** A text of this length at most, with its beginning, its end, and a note between them of how long it was. */
const fitText = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const note = `\n[... cut: ${text.length} characters in all ...]\n`
  const room = Math.max(0, limit - note.length)
  const tail = Math.floor(room / 4)
  return `${headOf(text, room - tail)}${note}${tail === 0 ? "" : tailOf(text, tail)}`
}

const emptyText = "Tool executed successfully (no output)"

/** The result of a tool that answered. */
export const toResult = ({ data, isError = false, text }: ToolOutput, limit: number): ToolResult => ({
  ...textResult(text === "" ? emptyText : fitText(text, limit), isError),
  ...(data === undefined ? {} : { structuredContent: data })
})

const textOf = ({ error_code: code, hint, message }: ErrorJson): string =>
  `Error: ${code}: ${message}${hint === undefined ? "" : `\nHint: ${hint}`}`

/** Code, message and next step, as a model reads them. */
export const errorText = (error: BuiltInError): string => textOf(toJson(error))

/** The result of a tool that refused or failed. */
export const toErrorResult = (error: BuiltInError, limit: number): ToolResult => {
  const json = toJson(error)
  return { ...textResult(fitText(textOf(json), limit), true), structuredContent: { error: json } }
}
