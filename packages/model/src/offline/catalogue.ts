/**
 * Tools prepared for ranking: which words each one is described by, and how much each word counts.
 * Words of the name count most, words deep in a description least. Reading a tool costs far more than
 * ranking it, so what was read is kept as long as the tool's definition lives.
 */
import { sourceOf } from "../naming.ts"
import type { ToolDefinition } from "../Tool.ts"
import { actionsOf, conceptsOf, isDeletion } from "./meaning.ts"
import { holdsFacts, type Parameter, parametersOf } from "./parameters.ts"
import { isStopWord, stem, wordsOf } from "./words.ts"

export interface PreparedTool {
  readonly tool: ToolDefinition
  readonly parameters: ReadonlyArray<Parameter>
  readonly nameStems: ReadonlyArray<string>
  /** Every stem with its weight: the highest of the fields in which it stands. */
  readonly stems: ReadonlyMap<string, number>
  /** The same for groups of synonyms. */
  readonly concepts: ReadonlyMap<string, number>
  /** What the tool does, by the verbs of its name, title and first words. */
  readonly actions: ReadonlySet<string>
  readonly verbs: ReadonlySet<string>
  /** Everything that the name, the title or the first sentence says that it can do. */
  readonly statedActions: ReadonlySet<string>
  readonly titleStems: ReadonlyArray<string>
  readonly isAboutFolders: boolean
  readonly isAboutFiles: boolean
  /** Its name says that it works on several things at once. */
  readonly isForSeveral: boolean
  readonly isDestructive: boolean
  readonly isDeletion: boolean
  readonly isReadOnly: boolean
  /** The tool's own words advise against it. */
  readonly isDiscouraged: boolean
  /** It works on what must already be there. */
  readonly needsExisting: boolean
}

export interface Catalogue {
  readonly tools: ReadonlyArray<PreparedTool>
  /** How rare a word is among the tools. */
  readonly rarity: (key: string) => number
  /** The tools of this name in lower case: as listed, else as their sources call them. */
  readonly named: (name: string) => ReadonlyArray<PreparedTool>
  /** The names of the sources that tools come from. */
  readonly sources: ReadonlyArray<string>
}

/** Words of a description beyond this are examples and small print. */
const maxDescription = 900

const splitDescription = (description: string): readonly [string, string] => {
  // "Vendor | Search by title": what stands before the bar is whose tool it is.
  const text = description.slice(0, maxDescription).replace(/^[^|.\n]{1,30}\|\s*/, "")
  const end = /[.!?:](?:\s|$)|\n/.exec(text)?.index ?? text.length
  return [text.slice(0, end), text.slice(end)]
}

const useful = (text: string): ReadonlyArray<string> =>
  wordsOf(text).filter((word) => !isStopWord(word) && !/^\d+$/.test(word))

const prepare = (tool: ToolDefinition): PreparedTool => {
  const parameters = parametersOf(tool.inputSchema)
  const stems = new Map<string, number>()
  const concepts = new Map<string, number>()
  const add = (text: string, weight: number) => {
    for (const word of useful(text)) {
      const stemmed = stem(word)
      if ((stems.get(stemmed) ?? 0) < weight) stems.set(stemmed, weight)
      for (const concept of conceptsOf(stemmed)) {
        if ((concepts.get(concept) ?? 0) < weight) concepts.set(concept, weight)
      }
    }
  }
  const title = tool.title ?? tool.annotations.title ?? ""
  const [first, rest] = splitDescription(tool.description)
  add(tool.originalName, 1)
  add(title, 0.9)
  add(first, 0.8)
  add(rest, 0.25)
  const addParameter = (parameter: Parameter, depth: number): void => {
    add(parameter.name, parameter.isRequired ? 0.5 : 0.35)
    add(parameter.description.slice(0, 200), 0.3)
    add(parameter.choices.slice(0, 30).join(" "), 0.4)
    if (depth < 2)
      for (const inner of [...parameter.fields, ...(parameter.items?.fields ?? [])]) addParameter(inner, depth + 1)
  }
  for (const parameter of parameters) addParameter(parameter, 0)
  // Whatever it is called, a tool that takes things with statements about them can remember a fact.
  const facts = holdsFacts(parameters) ? ["record"] : []
  for (const fact of facts) concepts.set(`v:${fact}`, 1)
  const verbs = [...wordsOf(tool.originalName), ...wordsOf(title), ...wordsOf(first).slice(0, 2)]
    .map(stem)
    .filter((word) => actionsOf(word).size > 0)
  const { destructiveHint, readOnlyHint } = tool.annotations
  const nameSays = (concept: string) => wordsOf(tool.originalName).some((word) => conceptsOf(stem(word)).has(concept))
  return {
    tool,
    parameters,
    nameStems: useful(tool.originalName).map(stem),
    stems,
    concepts,
    actions: new Set([...facts, ...verbs.flatMap((verb) => [...actionsOf(verb)])]),
    verbs: new Set(verbs),
    statedActions: new Set(
      useful(`${tool.originalName} ${title} ${first}`).flatMap((word) => [...actionsOf(stem(word))])
    ),
    titleStems: useful(title)
      .map(stem)
      .filter((word) => word !== "tool"),
    isAboutFolders: nameSays("n:folder"),
    isAboutFiles: nameSays("n:file"),
    isForSeveral: nameSays("n:several"),
    isDestructive: readOnlyHint !== true && destructiveHint === true,
    isDeletion: isDeletion(`${tool.originalName} ${title} ${wordsOf(first)[0] ?? ""}`),
    isReadOnly: readOnlyHint === true,
    isDiscouraged:
      /\bdeprecated\b|\bobsolete\b/i.test(`${title} ${tool.description}`) || /\bunsafe\b/i.test(tool.originalName),
    needsExisting: /\bexisting\b/i.test(first)
  }
}

const none: ReadonlyArray<PreparedTool> = []

const namedIn = (tools: ReadonlyArray<PreparedTool>): Catalogue["named"] => {
  const listed = Map.groupBy(tools, ({ tool }) => tool.name.toLowerCase())
  const original = Map.groupBy(tools, ({ tool }) => tool.originalName.toLowerCase())
  return (name) => listed.get(name) ?? original.get(name) ?? none
}

/** Reads tools into catalogues, and remembers each as long as its definition lives. */
export const makeCatalogue = (): ((tools: ReadonlyArray<ToolDefinition>) => Catalogue) => {
  const prepared = new WeakMap<ToolDefinition, PreparedTool>()
  const catalogues = new WeakMap<ReadonlyArray<ToolDefinition>, Catalogue>()
  const preparedOf = (tool: ToolDefinition): PreparedTool => {
    const known = prepared.get(tool)
    if (known !== undefined) return known
    const made = prepare(tool)
    prepared.set(tool, made)
    return made
  }
  return (definitions) => {
    const known = catalogues.get(definitions)
    if (known !== undefined) return known
    const tools = definitions.map(preparedOf)
    const counts = new Map<string, number>()
    for (const { concepts, stems } of tools) {
      for (const [key, weight] of [...stems, ...concepts])
        if (weight >= 0.35) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const catalogue: Catalogue = {
      tools,
      named: namedIn(tools),
      sources: [...new Set(definitions.flatMap(({ runBy }) => sourceOf(runBy) ?? []))].filter((name) => name !== ""),
      rarity: (key) =>
        Math.log(1 + (tools.length + 1) / (0.5 + (counts.get(key) ?? 0))) / Math.log(1 + (tools.length + 1) / 1.5)
    }
    catalogues.set(definitions, catalogue)
    return catalogue
  }
}
