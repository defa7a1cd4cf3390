/**
 * What the offline model says about itself and about what can be done, in its own plain words.
 */
import type { Catalogue, PreparedTool } from "./catalogue.ts"
import type { Parameter } from "./parameters.ts"
import { sourceOf } from "../naming.ts"
import { spoken } from "./words.ts"

export const howToConnect =
  "To talk to a real model, set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENROUTER_API_KEY, or start Ollama, and choose one with --model."

const whatIAm =
  "I am the offline model: no language model, but a set of rules that finds the right tool for what you type and calls it."

const sampleOf = (parameter: Parameter): string | undefined => {
  switch (parameter.role) {
    case "path":
      return parameter.stems.has("file") ? "notes.txt" : '"notes.txt"'
    case "url":
      return "https://example.com"
    case "email":
      return "anna@example.com"
    case "date":
      return "2026-12-24"
    case "number":
      return typeof parameter.schema["minimum"] === "number" ? String(parameter.schema["minimum"]) : "3"
    case "boolean":
      return "true"
    case "choice":
      return JSON.stringify(parameter.choices[0] ?? "")
    case "list":
    case "object":
      return undefined
    default:
      return '"hello"'
  }
}

/** A sentence that leads to this tool, made from its name and schema; nothing where a schema is too rich for one. */
const exampleFor = ({ parameters, tool }: PreparedTool): string | undefined => {
  const required = parameters.filter(({ fallback, isRequired }) => isRequired && fallback === undefined)
  const samples = required.map((parameter) => [parameter.name, sampleOf(parameter)] as const)
  if (required.length > 2 || samples.some(([, sample]) => sample === undefined)) return undefined
  const values = samples.map(([name, sample]) => `${name}=${sample ?? ""}`)
  return [spoken(tool.originalName), ...values].join(" ")
}

const sourceName = ({ tool }: PreparedTool): string => sourceOf(tool.runBy) ?? "your own tools"

/** Names shown for one source before "and n more". */
const maxNames = 12

const describeSources = (catalogue: Catalogue): string =>
  [...Map.groupBy(catalogue.tools, sourceName)]
    .map(([source, tools]) => {
      const names = tools.slice(0, maxNames).map(({ tool }) => tool.name)
      const more = tools.length > maxNames ? `, and ${tools.length - maxNames} more` : ""
      return `${source}: ${names.join(", ")}${more}`
    })
    .join("\n")

/** One or two examples of each source, those that only look first. */
const examples = (catalogue: Catalogue): ReadonlyArray<string> =>
  [
    ...Map.groupBy(
      catalogue.tools.filter(({ isDeletion, isDiscouraged }) => !isDeletion && !isDiscouraged),
      sourceName
    ).values()
  ]
    .flatMap((tools) =>
      tools
        .toSorted((a, b) => Number(b.isReadOnly) - Number(a.isReadOnly))
        .flatMap((prepared) => exampleFor(prepared) ?? [])
        .slice(0, 2)
    )
    .slice(0, 6)

/** The answer to "what can you do?". */
export const capabilities = (catalogue: Catalogue): string => {
  if (catalogue.tools.length === 0) return `${whatIAm} There are no tools to call at the moment.\n${howToConnect}`
  const shown = examples(catalogue)
  return [
    `${whatIAm} These are the tools:`,
    describeSources(catalogue),
    ...(shown.length === 0 ? [] : ["", "For example:", ...shown.map((example) => `  ${example}`)]),
    "",
    `Several steps can be joined with "then". ${howToConnect}`
  ].join("\n")
}

/** What to say about a request that no tool fits. */
export const nothingFits = (request: string, nearest: ReadonlyArray<PreparedTool>): string => {
  const quoted = request.length > 60 ? `${request.slice(0, 57)}…` : request
  if (nearest.length === 0) return `I found no tool for "${quoted}". Ask "what can you do?" to see what there is.`
  const offers = nearest.map(({ tool }) => {
    const [first = ""] = tool.description.replace(/^[^|.\n]{1,30}\|\s*/, "").split(/(?<=[.!?])\s|\n/)
    return `  ${tool.name}${first === "" ? "" : `: ${first.length > 100 ? `${first.slice(0, 97)}…` : first}`}`
  })
  return [
    `I found no tool that clearly fits "${quoted}". The nearest are:`,
    ...offers,
    'Say it in other words, or ask "what can you do?".'
  ].join("\n")
}

const talk: ReadonlyArray<readonly [RegExp, (catalogue: Catalogue) => string]> = [
  [
    /^(?:(?:so |and )?what (?:all )?(?:can|could) (?:you|i|we) (?:do|ask|use)\b.*|(?:help|help me|\?+|usage|menu|what now)|what (?:tools|commands)\b.*|which tools\b.*|(?:list|show)(?: me)?(?: all| the| your| available)* tools|how do(?:es)? (?:this|it|i use (?:this|you)) work.*|how do i use (?:this|you))$/i,
    capabilities
  ],
  [
    /^(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings|howdy)(?: there| you| again)?$/i,
    () => 'Hello. Tell me what to do, or ask "what can you do?".'
  ],
  [
    /^(?:who|what) are you\b.*|^are you (?:an? )?(?:ai|llm|language model|real|human|robot|bot|claude|chatgpt|gpt)\b.*|^what(?:'s| is) your name$/i,
    () => `${whatIAm} ${howToConnect}`
  ],
  [
    /^(?:how (?:do|can|to).*)?\b(?:connect|use|set ?up|switch to|configure)\b.*\b(?:real|other|another|actual|better|proper) (?:model|llm|ai)\b.*$/i,
    () => howToConnect
  ],
  [
    /^(?:thanks?|thank you|thx|cheers|great|nice|ok(?:ay)?|cool|perfect)(?: you| a lot| very much| so much)?$/i,
    () => "You are welcome."
  ],
  [
    /^(?:cancel|never ?mind|forget (?:it|that|about it)|stop|abort|no(?: thanks?)?)$/i,
    () => "All right, nothing was called."
  ],
  [/^(?:bye|goodbye|see you|good night|exit|quit)$/i, () => "Goodbye."]
]

const talkFor = (said: string) => talk.find(([pattern]) => pattern.test(said))

const greeting =
  /^(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings|howdy)(?: there| you| again)?[\s,.!]+/i

/** The answer to what is said to the model itself rather than asked of a tool. */
export const smallTalk = (text: string, catalogue: Catalogue): string | undefined => {
  const plain = text
    .trim()
    .replace(/[\s.!?]+$/, "")
    .replace(/^(?:please|ok|so)[, ]+/i, "")
  const given = /^\?+$/.test(text.trim()) ? "?" : plain
  // "Hello! What can you do?" is answered like the question alone.
  const ungreeted = given.replace(greeting, "")
  return (talkFor(given) ?? talkFor(ungreeted))?.[1](catalogue)
}
