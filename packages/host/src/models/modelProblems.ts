/**
 * Providers that a configuration names and does not have, and what those that it has lack. Takes it as it stands, so that
 * these are told together with what is wrong with its shape.
 */
import { nearestName } from "@signalbox/model"
import type { FoundProblem } from "../config/layers.ts"
import { isKeyless, isKind, providerKinds } from "../config/ProviderEntry.ts"
import { isTree, listAt, treeAt, valueAt } from "../config/tree.ts"
import { referenceProblems } from "./referenceProblems.ts"

/** Every place that names a provider, with the words beside names that may stand there. */
const namesIn = (config: unknown) => {
  const choices = ["auto", "offline"]
  return [
    { path: ["model", "provider"], choices },
    ...Object.keys(treeAt(config, ["agents"])).map((agent) => ({
      path: ["agents", agent, "model", "provider"],
      choices
    })),
    ...listAt(config, ["routing", "rules"]).map((_, index) => ({
      path: ["routing", "rules", index, "provider"],
      choices: ["offline"]
    })),
    ...listAt(config, ["model", "prices"]).map((_, index) => ({
      path: ["model", "prices", index, "provider"],
      choices: []
    }))
  ]
}

/** What fallbacks are for. A model without a provider would be one that nobody asks for by this name. */
const fallbacksIn = (config: unknown) => {
  return Object.keys(treeAt(config, ["routing", "fallbacks"])).map((of) => ({
    path: ["routing", "fallbacks", of],
    name: of.split("/")[0],
    choices: []
  }))
}

/** What an entry must say beside what the schema asks of all: it depends on its kind. */
const entryProblems = (name: string, entry: unknown): ReadonlyArray<FoundProblem> => {
  if (!isTree(entry)) return []
  const path = ["providers", name]
  const own = entry["kind"]
  if (own === undefined && !isKind(name)) {
    return [
      {
        path: [...path, "kind"],
        message: `missing key, since "${name}" is no kind`,
        suggestion: `one of ${providerKinds.join(", ")}`
      }
    ]
  }
  const kind = typeof own === "string" ? own : name
  if (!isKind(kind) || isKeyless(kind)) return []
  const problems: Array<FoundProblem> = []
  if (entry["apiKey"] === undefined) {
    problems.push({ path: [...path, "apiKey"], message: "missing key", suggestion: "name a variable: env:NAME" })
  }
  if (entry["model"] === "") {
    problems.push({ path: [...path, "model"], message: 'Expected the name of a model, found ""' })
  }
  return problems
}

/** Each name that is none, with the one that may have been meant. */
export const modelProblems = (config: unknown): ReadonlyArray<FoundProblem> => {
  if (!isTree(valueAt(config, ["providers"]))) return []
  const entries = Object.entries(treeAt(config, ["providers"]))
  const providers = entries.map(([name]) => name)
  const lacking = entries.flatMap(([name, entry]) => entryProblems(name, entry))
  const named = [
    ...namesIn(config).map((place) => ({ ...place, name: valueAt(config, place.path) })),
    ...fallbacksIn(config)
  ]
  const unknown = named.flatMap(({ choices, name, path }) => {
    const known = [...choices, ...providers]
    if (typeof name !== "string" || name === "" || known.includes(name)) return []
    const nearest = nearestName(name, known)
    return [
      {
        path,
        message: `there is no provider "${name}"`,
        suggestion: nearest === undefined ? `there are: ${known.join(", ")}` : `did you mean "${nearest}"?`
      }
    ]
  })
  return [...lacking, ...unknown, ...referenceProblems(config, providers)]
}
