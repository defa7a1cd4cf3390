/**
 * Finds tools by what somebody wants to do. Words in names count more than those in descriptions, and rare words more than
 * those that every tool has. Pure: the same tools and words give the same order.
 */
import { isJsonObject, ownName, sourceOf, type ToolDefinition } from "@signalbox/model"

/** `readFiles`, `read_file` and `Read file` have the same words. */
const wordsOf = (text: string): ReadonlyArray<string> =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => (word.length > 3 && word.endsWith("s") ? word.slice(0, -1) : word))

/** Where a word stands, and what that is worth. */
interface Field {
  readonly words: ReadonlySet<string>
  readonly worth: number
}

const parametersOf = ({ inputSchema: { properties } }: ToolDefinition): string =>
  isJsonObject(properties) ? Object.keys(properties).join(" ") : ""

const fieldsOf = (tool: ToolDefinition): ReadonlyArray<Field> =>
  [
    { text: `${tool.name} ${ownName(tool)} ${tool.originalName}`, worth: 6 },
    { text: tool.title ?? "", worth: 4 },
    { text: sourceOf(tool.runBy) ?? "", worth: 3 },
    { text: tool.description, worth: 2 },
    { text: parametersOf(tool), worth: 1 }
  ].map(({ text, worth }) => ({ words: new Set(wordsOf(text)), worth }))

/** Words that begin alike are related: half of what the word itself is worth. */
const isRelated = (word: string, other: string): boolean =>
  word.length > 3 && other.length > 3 && (word.startsWith(other) || other.startsWith(word))

const worthIn = (fields: ReadonlyArray<Field>, word: string): number =>
  fields.reduce((best, { words, worth }) => {
    if (worth <= best) return best
    if (words.has(word)) return worth
    return worth / 2 > best && [...words].some((other) => isRelated(word, other)) ? worth / 2 : best
  }, 0)

/** The tools that fit best, best first. None where no word fits. */
export const searchTools = (
  tools: ReadonlyArray<ToolDefinition>,
  query: string,
  limit: number
): ReadonlyArray<ToolDefinition> => {
  const wanted = [...new Set(wordsOf(query))]
  const known = tools.map((tool) => ({ tool, fields: fieldsOf(tool) }))
  const scores = known.map(() => 0)
  for (const word of wanted) {
    const worths = known.map(({ fields }) => worthIn(fields, word))
    const holders = worths.filter((worth) => worth > 0).length
    const rarity = Math.log(1 + tools.length / (1 + holders))
    worths.forEach((worth, index) => {
      scores[index] = (scores[index] ?? 0) + worth * rarity
    })
  }
  const named = new Set(query.split(/[\s,;"'`]+/))
  return known
    .map(({ tool }, index) => ({ tool, score: named.has(tool.name) ? Number.MAX_VALUE : (scores[index] ?? 0) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ tool }) => tool)
}
