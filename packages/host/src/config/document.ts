/**
 * A YAML (or JSON) document that remembers on which line each value stands.
 * Only this file knows the YAML library.
 */
import { Result } from "effect"
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parse,
  parseDocument,
  stringify,
  visit
} from "yaml"
import type { ConfigProblem } from "../errors.ts"
import { spliceChange } from "./spliceChange.ts"

/** A path inside a document: keys and indices from the root. */
export type ConfigPath = ReadonlyArray<PropertyKey>

export interface ConfigDocument {
  readonly value: unknown
  /** Syntax errors and duplicate keys; when there are any, `value` is not to be used. */
  readonly problems: ReadonlyArray<ConfigProblem>
  /** The line of a value, or of the nearest thing around it when it is missing. From 1. */
  readonly lineOf: (path: ConfigPath) => number
}

const childOf = (
  node: unknown,
  key: PropertyKey
): { readonly at: Node | undefined; readonly value: unknown } | undefined => {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
    return pair === undefined ? undefined : { at: isScalar(pair.key) ? pair.key : undefined, value: pair.value }
  }
  if (isSeq(node)) {
    const value = node.items[Number(key)]
    return isScalar(value) || isMap(value) || isSeq(value) ? { at: value, value } : undefined
  }
  return undefined
}

/** The keys on the way down through nodes, each of which holds the next. */
const pathOf = (nodes: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  nodes.flatMap((node, index) => {
    if (isPair(node) && isScalar(node.key)) return [String(node.key.value)]
    return isSeq(node) ? [String(node.items.indexOf(nodes[index + 1]))] : []
  })

/** Reads a document. Never throws: what cannot be parsed is told in `problems`. */
export const readDocument = (text: string): ConfigDocument => {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : counter.linePos(offset).line)
  const problems: Array<ConfigProblem> = document.errors
    // Told below, by name.
    .filter(({ code }) => code !== "DUPLICATE_KEY")
    .map((error) => ({ path: "", line: lineAt(error.pos[0]), message: error.message }))
  visit(document, {
    Map: (_, map, ancestors) => {
      const first = new Map<string, number>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        const line = lineAt(key.range?.[0])
        const before = first.get(name)
        if (before === undefined) first.set(name, line)
        else {
          const path = [...pathOf([...ancestors, map]), name].join(".")
          problems.push({ path, line, message: `this key is there already, on line ${before}` })
        }
      }
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return
      const message = `there is no anchor &${alias.source} above this alias`
      problems.push({ path: "", line: lineAt(alias.range?.[0]), message })
    }
  })
  // It refuses aliases that would make a small text an enormous value.
  const read = Result.try((): unknown => (problems.length > 0 ? undefined : document.toJS()))
  if (Result.isFailure(read)) problems.push({ path: "", line: 1, message: String(read.failure) })
  return {
    value: Result.isSuccess(read) ? read.success : undefined,
    problems,
    lineOf: (path) => {
      let node: unknown = document.contents
      let line = lineAt(document.contents?.range?.[0])
      for (const key of path) {
        const child = childOf(node, key)
        if (child === undefined) return line
        line = lineAt(child.at?.range?.[0])
        node = child.value
      }
      return line
    }
  }
}

/** The value of a single YAML scalar: `8` is a number, `true` a boolean, `30 seconds` a text. */
export const readScalar = (text: string): unknown => {
  const document = parseDocument(text)
  const value: unknown = document.errors.length > 0 ? text : document.toJS()
  return typeof value === "object" ? text : value
}

/** A value as YAML text. */
export const writeYaml = (value: unknown): string => stringify(value, { lineWidth: 0 })

/** Parses YAML that is known to be sound, such as our own template. */
export const parseYaml = (text: string): unknown => parse(text)

/** A value to be set at a path of a document; `undefined` removes what is there. */
export interface ConfigChange {
  readonly path: ConfigPath
  readonly value: unknown
}

/** The names that nodes below a path are known by elsewhere in the document. */
const anchorsAt = (document: Document, path: ConfigPath): ReadonlySet<string> => {
  const anchors = new Set<string>()
  const node = document.getIn(path, true)
  if (isNode(node)) {
    visit(node, {
      Node: (_, { anchor }: { readonly anchor?: string }) => {
        if (anchor !== undefined) anchors.add(anchor)
      }
    })
  }
  return anchors
}

/** Puts a copy in the place of each alias that `isMeant`. */
const expandAliases = (document: Document, isMeant: (alias: Alias) => boolean): void =>
  visit(document, { Alias: (_, alias) => (isMeant(alias) ? document.createNode(alias.toJS(document)) : undefined) })

/** What a change touches stands for itself: it is no alias, and no alias elsewhere stands for it. */
const setApart = (document: Document, path: ConfigPath): void => {
  const onTheWay = path.map((_, index) => path.slice(0, index + 1))
  for (const place of onTheWay) {
    const node = document.getIn(place, true)
    if (isAlias(node)) expandAliases(document, (alias) => alias === node)
  }
  const anchors = anchorsAt(document, path)
  if (anchors.size > 0) expandAliases(document, ({ source }) => anchors.has(source))
}

/** A change by way of the parsed document, which is then written anew: comments stay, and some of the layout changes. */
const rewriteWith = (document: Document, { path, value }: ConfigChange): string => {
  setApart(document, path)
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, document.createNode(value))
  const map = document.getIn(path.slice(0, -1))
  // `servers: {}` of a new file would otherwise stay on one line however long it gets.
  if (isMap(map) && path.length === 2 && map.items.length > 0) map.flow = false
  return document.toString({ lineWidth: 0 })
}

/** What a text says; nothing where it cannot be read. */
const valueIn = (text: string): string => {
  const { problems, value } = readDocument(text)
  return problems.length > 0 ? "" : JSON.stringify(value)
}

const applyChange = (text: string, change: ConfigChange): string => {
  const document = parseDocument(text)
  if (change.value === undefined && !document.hasIn(change.path)) return text
  const rewritten = rewriteWith(document, change)
  const spliced = spliceChange(text, change)
  // The layout of a person may be of any kind: a text counts only if it says the same.
  return spliced !== undefined && valueIn(spliced) === valueIn(rewritten) ? spliced : rewritten
}

/** Changes a document, keeping everything else as it is written, comments and layout included. */
export const applyChanges = (text: string, changes: ReadonlyArray<ConfigChange>): string => {
  const changed = changes.reduce(applyChange, text.replaceAll("\r\n", "\n"))
  const isJson = text.trimStart().startsWith("{")
  const written = isJson && changes.length > 0 ? `${JSON.stringify(parse(changed), null, 2)}\n` : changed
  return text.includes("\r\n") ? written.replaceAll("\n", "\r\n") : written
}
