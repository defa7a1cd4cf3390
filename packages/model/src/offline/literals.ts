/**
 * The values that stand in a sentence as such: quoted texts, code, JSON, key=value, URLs, addresses, ids,
 * paths, patterns, numbers and names. Each piece of text belongs to one literal at most, the earliest
 * kind in the list of finders; so digits inside a path are no number.
 */
import { Option, Schema } from "effect"

export type LiteralKind =
  | "pair"
  | "quoted"
  | "json"
  | "url"
  | "email"
  | "uuid"
  | "date"
  | "glob"
  | "path"
  | "selector"
  | "number"
  | "name"

/** A value found in a text. `value` is its plain text; numbers and JSON are parsed where they are used. */
export interface Literal {
  readonly kind: LiteralKind
  readonly value: string
  /** The key of a `key=value` pair. */
  readonly key?: string
  readonly start: number
  readonly end: number
}

const numberWords: ReadonlyArray<string> =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " "
  )

/** The number that a word or digits stand for: `12`, `-3.5`, `1,000`, `twelve`. */
export const numberOf = (text: string): number | undefined => {
  const spelled = numberWords.indexOf(text.toLowerCase())
  if (spelled >= 0) return spelled
  const plain = text.replace(/(\d),(?=\d{3}\b)/g, "$1").replace(/^#/, "")
  return /^[+-]?\d+(?:\.\d+)?$/.test(plain) ? Number(plain) : undefined
}

interface Finder {
  readonly kind: LiteralKind
  readonly pattern: RegExp
  /** The groups that hold the value; the first that took part counts. */
  readonly groups: ReadonlyArray<number>
  readonly keyGroup?: number
  readonly accepts?: (value: string) => boolean
}

const isPathLike = (value: string): boolean =>
  !/^\d+(?:\.\d+)?$/.test(value) && !/^(?:e\.g|i\.e|and\/or|he\/she|yes\/no|on\/off|n\/a)$/i.test(value)

const finders: ReadonlyArray<Finder> = [
  { kind: "quoted", pattern: /```(?:[a-z]+\n)?([\s\S]*?)```/gi, groups: [1] },
  {
    kind: "pair",
    pattern: /(?<![\w.])-{0,2}([A-Za-z_][\w.-]*)\s?=\s?(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^\s,;"'=][^\s,;]*))/g,
    groups: [2, 3, 4, 5],
    keyGroup: 1
  },
  {
    kind: "quoted",
    pattern:
      /"((?:[^"\\]|\\.)*)"|“([^”]*)”|«([^»]*)»|`([^`]+)`|(?<![\p{L}\p{N}])'([^'\n]*(?:'(?=\p{L})[^'\n]*)*)'(?![\p{L}\p{N}])/gu,
    groups: [1, 2, 3, 4, 5]
  },
  {
    kind: "url",
    pattern: /\b(?:https?|ftp|file|wss?):\/\/[^\s<>"]*[^\s<>".,;:!?)\]]|\bdata:[\w.+-]+\/[\w.+-]+[;,]\S+/gi,
    groups: [0]
  },
  { kind: "email", pattern: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, groups: [0] },
  { kind: "uuid", pattern: /\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\b/gi, groups: [0] },
  { kind: "date", pattern: /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?\b/g, groups: [0] },
  {
    kind: "glob",
    pattern: /(?<!\S)[\w./\\-]*\*[\w./\\*?{},[\]-]*(?<![,.])/g,
    groups: [0],
    accepts: (text) => /[\w./]/.test(text)
  },
  {
    kind: "path",
    pattern:
      /(?<![\w/])(?:[A-Za-z]:\\|~\/|\.{1,2}\/|\/)?[\p{L}\p{N}_@.+-]*(?:[/\\][\p{L}\p{N}_@.+-]+)+\/?(?<!\.)|(?<![\w/])(?:~\/|\/)(?=\s|$)/gu,
    groups: [0],
    accepts: isPathLike
  },
  { kind: "path", pattern: /(?<![\w.])[\p{L}\p{N}_-]+\/(?=\s|$|[,;])/gu, groups: [0], accepts: isPathLike },
  {
    kind: "path",
    pattern: /(?<![\w@#])\.?[\p{L}\p{N}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)*\.[A-Za-z][A-Za-z0-9]{0,7}(?![\w@])/gu,
    groups: [0],
    accepts: isPathLike
  },
  { kind: "path", pattern: /(?<!\S)\.[A-Za-z][\w-]+(?=\s|$)/g, groups: [0] },
  { kind: "selector", pattern: /(?<!\S)[#.][A-Za-z][\w-]*(?![\w])/g, groups: [0] },
  { kind: "number", pattern: /(?<![\w.-])[#]?[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*[A-Za-z]{2})/g, groups: [0] },
  { kind: "number", pattern: /(?<=\d\s?[x×]\s?)\d+(?:\.\d+)?/g, groups: [0] },
  { kind: "number", pattern: new RegExp(`\\b(?:${numberWords.join("|")})\\b`, "gi"), groups: [0] },
  {
    kind: "name",
    pattern: /(?<=[\p{L}\p{N},;:>)»”"'`]\s+)(?!I\b)\p{Lu}[\p{L}\p{N}'’-]*(?:\s+\p{Lu}[\p{L}\p{N}'’-]*)*/gu,
    groups: [0]
  }
]

/** Where the string that opens at `start` closes; the end of the text where it does not. */
const stringEnd = (text: string, start: number): number => {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '"') return index
    if (text[index] === "\\") index++
  }
  return text.length
}

/** The end of the JSON value that opens at `start`, or nothing where the brackets do not close. */
const jsonEnd = (text: string, start: number): number | undefined => {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const character = text[index]
    if (character === '"') index = stringEnd(text, index)
    else if (character === "{" || character === "[") depth++
    else if ((character === "}" || character === "]") && --depth === 0) return index + 1
  }
  return undefined
}

const findJson = (text: string): ReadonlyArray<Literal> => {
  const found: Array<Literal> = []
  for (let index = 0; index < text.length && found.length < 20; index++) {
    if (!/^[{[]\s*["{[\d\]}tfn-]/.test(text.slice(index, index + 20))) continue
    const end = jsonEnd(text, index)
    if (end === undefined) continue
    const value = text.slice(index, end)
    if (parseJson(value) === undefined) continue
    found.push({ kind: "json", value, start: index, end })
    index = end - 1
  }
  return found
}

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** The JSON value of a text, or nothing. */
export const parseJson = (text: string): unknown => Option.getOrUndefined(decodeJson(text))

const unescape = (value: string): string => value.replace(/\\(["\\])/g, "$1").replace(/\\n/g, "\n")

/** What a finder has found, unless it found nothing that counts. */
const literalIn = ({ accepts, groups, keyGroup, kind }: Finder, match: RegExpExecArray): Literal | undefined => {
  const raw = groups.map((group) => match[group]).find((part) => part !== undefined)
  if (raw === undefined || match[0] === "" || accepts?.(raw) === false) return undefined
  const key = keyGroup === undefined ? undefined : match[keyGroup]
  const value = kind === "quoted" ? unescape(raw) : raw
  const end = match.index + match[0].length
  return { kind, value, start: match.index, end, ...(key === undefined ? {} : { key }) }
}

/** All literals of a text, in order, none overlapping another. */
export const literalsOf = (text: string): ReadonlyArray<Literal> => {
  const found: Array<Literal> = [...findJson(text)]
  const isFree = ({ end, start }: Literal) => found.every((other) => end <= other.start || start >= other.end)
  for (const finder of finders) {
    for (const match of text.matchAll(finder.pattern)) {
      const literal = literalIn(finder, match)
      if (literal !== undefined && isFree(literal)) found.push(literal)
    }
  }
  return found.toSorted((a, b) => a.start - b.start)
}

/** Whether a literal stands apart from the sentence. Names and numbers do not: they are words of it, too. */
export const standsApart = ({ kind }: Literal): boolean => kind !== "name" && kind !== "number"

/** The text with what stands apart blanked out by spaces, so that positions stay. */
export const withoutLiterals = (text: string, literals: ReadonlyArray<Literal>): string =>
  literals
    .filter(standsApart)
    .reduce((rest, { end, start }) => rest.slice(0, start) + " ".repeat(end - start) + rest.slice(end), text)
