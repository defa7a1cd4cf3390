/**
 * The smallest change of a YAML text for a new value: entries are added and removed as lines, scalars replaced where they
 * stand, and everything else stays as a person has written it. Where this does not fit, nothing is answered.
 */
import { type Document, isMap, isNode, isScalar, type Node, parseDocument, stringify, type YAMLMap } from "yaml"
import type { ConfigChange, ConfigPath } from "./document.ts"

type Pair = YAMLMap["items"][number]

const lineStart = (text: string, offset: number): number => text.lastIndexOf("\n", offset - 1) + 1

/** The offset behind the line that holds the last character before `offset`. */
const lineEnd = (text: string, offset: number): number => {
  if (offset > 0 && text[offset - 1] === "\n") return offset
  const found = text.indexOf("\n", offset)
  return found === -1 ? text.length : found + 1
}

const rangeOf = (node: unknown): readonly [number, number] | undefined => {
  const range = isNode(node) ? (node as Node).range : undefined
  return range === undefined || range === null ? undefined : [range[0], range[1]]
}

/** Where the lines of an entry begin and end, without the comments above it. */
const linesOf = (text: string, { key, value }: Pair): readonly [number, number] | undefined => {
  const start = rangeOf(key)?.[0]
  const end = rangeOf(value)?.[1] ?? rangeOf(key)?.[1]
  return start === undefined || end === undefined ? undefined : [lineStart(text, start), lineEnd(text, end)]
}

const indented = (text: string, indent: number): string => text.replaceAll(/^(?=.)/gm, " ".repeat(indent))

const entryText = (key: PropertyKey | undefined, value: unknown, indent: number): string =>
  indented(stringify({ [String(key)]: value }, { lineWidth: 0 }), indent)

const insert = (text: string, map: YAMLMap, path: ConfigPath, value: unknown): string | undefined => {
  const key = path.at(-1)
  const [first, last] = [map.items[0], map.items.at(-1)]
  if (first === undefined || last === undefined) {
    const range = rangeOf(map)
    // `servers: {}`: what is in it goes below, one step further in.
    return range === undefined
      ? undefined
      : `${text.slice(0, range[0]).trimEnd()}\n${entryText(key, value, 2 * (path.length - 1)).trimEnd()}${text.slice(range[1])}`
  }
  const lines = linesOf(text, last)
  const start = rangeOf(first.key)?.[0]
  if (map.flow === true || lines === undefined || start === undefined) return undefined
  const before = text.slice(0, lines[1])
  const gap = before.endsWith("\n") ? "" : "\n"
  return before + gap + entryText(key, value, start - lineStart(text, start)) + text.slice(lines[1])
}

/** The beginning of the comments that stand right above an entry, at its own depth. */
const withComments = (text: string, start: number, indent: string): number => {
  const above = lineStart(text, start - 1)
  const line = text.slice(above, start)
  return start > 0 && line.startsWith(`${indent}#`) ? withComments(text, above, indent) : start
}

const pairIn = (map: unknown, key: PropertyKey | undefined): Pair | undefined =>
  isMap(map) ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key)) : undefined

/** The offset behind the key of an entry. */
const keyEndOf = (document: Document, path: ConfigPath): number | undefined =>
  rangeOf(pairIn(document.getIn(path.slice(0, -1), true), path.at(-1))?.key)?.[1]

const remove = (text: string, document: Document, map: YAMLMap, path: ConfigPath): string | undefined => {
  const pair = pairIn(map, path.at(-1))
  const lines = pair === undefined ? undefined : linesOf(text, pair)
  if (lines === undefined || map.flow === true) return undefined
  const indent = /^ */.exec(text.slice(lines[0]))?.[0] ?? ""
  const start = withComments(text, lines[0], indent)
  if (map.items.length > 1) return text.slice(0, start) + text.slice(lines[1])
  const keyEnd = keyEndOf(document, path.slice(0, -1))
  // The last one leaves an empty map behind, as it was before the first one.
  return keyEnd !== undefined && text.slice(keyEnd, start).trim() === ":"
    ? `${text.slice(0, keyEnd)}: {}\n${text.slice(lines[1])}`
    : undefined
}

const replace = (text: string, document: Document, path: ConfigPath, value: unknown): string | undefined => {
  const node = document.getIn(path, true)
  const range = rangeOf(node)
  const isPlain = value === null || typeof value !== "object"
  if (!isScalar(node) || range === undefined || !isPlain) return undefined
  return text.slice(0, range[0]) + stringify(value, { lineWidth: 0 }).trimEnd() + text.slice(range[1])
}

/** The text with one change, or nothing where that takes more than lines. */
export const spliceChange = (text: string, { path, value }: ConfigChange): string | undefined => {
  const document = parseDocument(text)
  const map = document.getIn(path.slice(0, -1), true)
  if (!isMap(map)) return undefined
  if (value === undefined) return remove(text, document, map, path)
  return document.hasIn(path) ? replace(text, document, path, value) : insert(text, map, path, value)
}
