/**
 * A prompt in a Markdown file: front matter that says what it is, and the text that is sent. What is wrong with the
 * front matter is told with its line, and only what cannot be read at all makes the file no command.
 */
import { readDocument } from "../config/document.ts"

/** What a file says. */
export interface PromptFile {
  readonly description: string | undefined
  readonly argumentHint: string | undefined
  /** Who answers it, as `model` names them. */
  readonly model: string | undefined
  /** The only tools that the turn may use. */
  readonly tools: ReadonlyArray<string> | undefined
  readonly body: string
}

/** A file as it was read; without `file` it is no command. */
export interface ReadPromptFile {
  readonly file?: PromptFile
  readonly problems: ReadonlyArray<{ readonly line: number; readonly message: string }>
}

/** Arguments are written in brackets, which YAML would read as a list. */
const withQuotedHint = (line: string): string => {
  const [, hint] = /^argument-hint:[ \t]*(?!["'])(\S.*?)[ \t]*$/.exec(line) ?? []
  return hint === undefined ? line : `argument-hint: ${JSON.stringify(hint)}`
}

const fence = /^---[ \t]*$/

const keys = ["description", "argument-hint", "model", "tools"] as const

const listOf = (value: unknown): ReadonlyArray<string> | undefined => {
  if (typeof value === "string") return value.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]))
  const isList = Array.isArray(value) && value.every((name): name is string => typeof name === "string")
  return isList ? value : undefined
}

/** The first line of the text says what it is for, where nothing else does. */
const firstLine = (body: string): string | undefined =>
  body
    .split("\n")
    .map((line) => line.replace(/^#+\s*/, "").trim())
    .find((line) => line !== "")

/** Reads the text of a file. */
export const readPromptFile = (source: string): ReadPromptFile => {
  const text = source.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")
  const lines = text.split("\n")
  if (!fence.test(lines[0] ?? "")) return describe({}, () => 1, text)
  const end = lines.findIndex((line, index) => index > 0 && fence.test(line))
  if (end === -1) return { problems: [{ line: 1, message: "the front matter has no end (---)" }] }
  const { lineOf, problems, value } = readDocument(lines.slice(1, end).map(withQuotedHint).join("\n"))
  if (problems.length > 0) return { problems: problems.map(({ line, message }) => ({ line: line + 1, message })) }
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value)
  if (!isMap && value !== null && value !== undefined)
    return { problems: [{ line: 2, message: "the front matter is no map of keys and values" }] }
  return describe({ ...value }, (key) => lineOf([key]) + 1, lines.slice(end + 1).join("\n"))
}

const describe = (
  front: Readonly<Record<string, unknown>>,
  lineOf: (key: string) => number,
  text: string
): ReadPromptFile => {
  const problems: Array<{ readonly line: number; readonly message: string }> = []
  const known: ReadonlySet<string> = new Set(keys)
  for (const key of Object.keys(front)) {
    if (!known.has(key)) problems.push({ line: lineOf(key), message: `"${key}" is none of ${keys.join(", ")}` })
  }
  const textAt = (key: (typeof keys)[number]): string | undefined => {
    const value = front[key]
    if (value === undefined || value === null || value === "") return undefined
    if (typeof value === "string") return value
    problems.push({ line: lineOf(key), message: `"${key}" is no text` })
    return undefined
  }
  const tools = front["tools"] === undefined ? undefined : listOf(front["tools"])
  if (front["tools"] !== undefined && tools === undefined) {
    // Without the list, the prompt would get every tool.
    return { problems: [...problems, { line: lineOf("tools"), message: '"tools" is no list of names' }] }
  }
  const body = text.trim()
  if (body === "") return { problems: [...problems, { line: 1, message: "it has no text to send" }] }
  const description = textAt("description") ?? firstLine(body)
  return {
    file: { description, argumentHint: textAt("argument-hint"), model: textAt("model"), tools, body },
    problems
  }
}
