/**
 * Models of a configuration, written `provider/model`, that begin with what is no provider. Such a text is a model of the
 * default provider, which nobody has meant who has only misspelt one. Takes the configuration as it stands.
 */
import { nearestName } from "@signalbox/model"
import type { ConfigPath } from "../config/document.ts"
import type { FoundProblem } from "../config/layers.ts"
import { isKeyless, isKind } from "../config/ProviderEntry.ts"
import { listAt, treeAt, valueAt } from "../config/tree.ts"

const referencesIn = (config: unknown): ReadonlyArray<ConfigPath> => [
  ["routing", "big"],
  ["routing", "small"],
  ["conversation", "context", "summary", "model"],
  ...Object.keys(treeAt(config, ["routing", "fallbacks"])).flatMap((of) =>
    listAt(config, ["routing", "fallbacks", of]).map((_, index) => ["routing", "fallbacks", of, index])
  )
]

/** Kinds whose models are called what others have called them: `vendor/model`. Those of one's own machines are, too. */
const resellers: ReadonlySet<unknown> = new Set(["openrouter", "groq"])

/** Whether the models of the default provider may have names that look like those of a provider. */
const hasFreeNames = (config: unknown): boolean => {
  const standard = valueAt(config, ["model", "provider"])
  if (typeof standard !== "string") return false
  const kind = valueAt(config, ["providers", standard, "kind"]) ?? standard
  return resellers.has(kind) || (typeof kind === "string" && isKind(kind) && isKeyless(kind))
}

/** Whether a word without a slash can only be a misspelt provider: models that have a number in their name are models. */
const isNearlyProvider = (word: string, nearest: string): boolean => /^[a-z]+$/i.test(word) && word[0] === nearest[0]

/** What to write instead; `undefined` where the text may stand as it is. */
const suggestionFor = (
  text: string,
  known: ReadonlyArray<string>,
  isFree: boolean
): { readonly name: string; readonly suggestion: string } | undefined => {
  const [name = "", ...rest] = text.split("/")
  if (name === "" || known.includes(name)) return undefined
  const isBare = rest.length === 0
  const nearest = nearestName(name, known)
  if (nearest !== undefined && (!isBare || (!isFree && isNearlyProvider(name, nearest)))) {
    return { name, suggestion: `did you mean "${[nearest, ...rest].join("/")}"?` }
  }
  return isBare || isFree ? undefined : { name, suggestion: `write provider/model, with one of ${known.join(", ")}` }
}

/** Each of them, with what was meant. */
export const referenceProblems = (config: unknown, providers: ReadonlyArray<string>): ReadonlyArray<FoundProblem> => {
  const isFree = hasFreeNames(config)
  const known = [...providers, "offline"]
  return referencesIn(config).flatMap((path) => {
    const text = valueAt(config, path)
    const found = typeof text === "string" ? suggestionFor(text, known, isFree) : undefined
    if (found === undefined) return []
    return [{ path, message: `there is no provider "${found.name}"`, suggestion: found.suggestion }]
  })
}
