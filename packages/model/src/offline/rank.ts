/**
 * Which tool a request means. Three voices count: the words (rare ones more, words of the name most),
 * the verb, and how well the values in the request fit what the tool wants.
 * A request that only looks never gets a tool that destroys, and a deletion must be asked for by name.
 */
import type { Addressed } from "./address.ts"
import type { Catalogue, PreparedTool } from "./catalogue.ts"
import { fill, type Filled, type FillOptions } from "./fill.ts"
import { actionsOf, conceptsOf, onlyLooks, share } from "./meaning.ts"
import type { Understood } from "./understand.ts"

export interface Candidate {
  readonly prepared: PreparedTool
  readonly filled: Filled
  readonly score: number
  /** How much of the score comes from words: without any, nothing may be called. */
  readonly evidence: number
}

/** How many tools are looked at closely. */
const shortlist = 14

/** A synonym counts less than the word itself. */
const synonymWeight = 0.65

/** Words far into a request are more often its content than its subject. */
const positionWeight = (index: number): number => (index < 4 ? 1 : index < 8 ? 0.6 : 0.3)

const wordMatch = (catalogue: Catalogue, prepared: PreparedTool, word: string): number => {
  const exact = prepared.stems.get(word)
  const direct = exact === undefined ? 0 : exact * catalogue.rarity(word)
  let similar = 0
  for (const concept of conceptsOf(word)) {
    const weight = prepared.concepts.get(concept)
    if (weight !== undefined) similar = Math.max(similar, weight * synonymWeight * catalogue.rarity(concept))
  }
  return Math.max(direct, similar)
}

const lexical = (catalogue: Catalogue, prepared: PreparedTool, request: Understood): number => {
  const unique = [...new Set(request.stems)].slice(0, 30)
  return unique.reduce((sum, word, index) => sum + positionWeight(index) * wordMatch(catalogue, prepared, word), 0)
}

/** How much of the tool's own name the request says. A name said wholly beats one said in part. */
const nameCoverage = (catalogue: Catalogue, prepared: PreparedTool, request: Understood): number => {
  return Math.max(coverage(catalogue, prepared.nameStems, request), coverage(catalogue, prepared.titleStems, request))
}

const coverage = (catalogue: Catalogue, name: ReadonlyArray<string>, request: Understood): number => {
  let said = 0
  let all = 0
  for (const word of name) {
    const weight = catalogue.rarity(word)
    all += weight
    if (request.stems.includes(word)) said += weight
    else if (request.stems.some((each) => share(conceptsOf(each), conceptsOf(word)))) said += weight * synonymWeight
  }
  return all === 0 ? 0 : said / all
}

const verbAgreement = (prepared: PreparedTool, request: Understood): number => {
  if (request.verb !== undefined && prepared.verbs.has(request.verb)) return 1
  if (share(request.actions, prepared.actions)) return 0.7
  if (request.actions.size === 0 || prepared.actions.size === 0) return 0
  return -0.4
}

/** "don't delete …" asks for nothing to be destroyed. */
const forbids = /^\s*(?:do not|don['’]?t|never)\b/i

/** Whether the request may lead to this tool at all. */
const isAllowed = (prepared: PreparedTool, request: Understood): boolean => {
  if (prepared.isReadOnly) return true
  // Without annotations, a tool whose verbs all look is taken to only look.
  if (request.isQuestion && prepared.actions.size > 0 && !onlyLooks(prepared.actions)) return false
  return !(prepared.isDeletion || prepared.isDestructive) || mayDestroy(prepared, request)
}

const mayDestroy = (prepared: PreparedTool, request: Understood): boolean => {
  if (forbids.test(request.text)) return false
  const own = request.verb === undefined ? new Set<string>() : actionsOf(request.verb)
  return prepared.isDeletion ? own.has("delete") && !request.isLooking : share(own, prepared.statedActions)
}

/** A file is no place for a tool about folders, and a folder none for a tool about files. */
const pathFit = (prepared: PreparedTool, value: unknown): number => {
  if (typeof value !== "string" || prepared.isAboutFolders === prepared.isAboutFiles) return 0
  const hasEnding = /\w\.[A-Za-z]\w{0,4}$/.test(value)
  if (prepared.isAboutFolders) return hasEnding ? -1.6 : 0
  return !hasEnding && value === value.toLowerCase() ? -0.6 : 0
}

/** One thing is no work for a tool about many. */
const listFit = (prepared: PreparedTool, value: unknown): number => {
  if (!prepared.isForSeveral || !Array.isArray(value)) return 0
  return value.length > 1 ? 0.5 : -0.7
}

const placeFit = (prepared: PreparedTool, filled: Filled): number => {
  let fit = 0
  for (const { name, role } of prepared.parameters) {
    if (role === "path") fit += pathFit(prepared, filled.input[name])
    if (role === "list") fit += listFit(prepared, filled.input[name])
  }
  return prepared.isForSeveral && filled.missing.length > 0 ? fit - 0.4 : fit
}

const argumentFit = (prepared: PreparedTool, filled: Filled, nameSaid: number): number => {
  const required = prepared.parameters.filter(({ isRequired }) => isRequired).length
  const unusedPlaces = filled.unused.filter(({ kind }) => kind !== "number").length
  const unusedNumbers = filled.unused.length - unusedPlaces
  const isComplete = filled.missing.length === 0 && filled.given > 0
  const complete = isComplete ? Math.max(0.2, (required > 0 ? 0.8 : 0.5) - 0.3 * filled.guessed) : 0
  // Who names the tool in full means it, even if much has to be asked for.
  const missing = Math.min(filled.missing.length, 3) * (nameSaid >= 0.8 ? 0.15 : 0.55)
  // "open the window" is not about some other thing that can be opened.
  const stretched = filled.guessed > 0 && nameSaid < 0.6 ? 1.8 : 0
  return (
    complete +
    placeFit(prepared, filled) +
    Math.min(filled.given, 3) * 0.2 -
    missing -
    stretched -
    Math.min(unusedPlaces, 3) * 0.8 -
    Math.min(unusedNumbers, 2) * 0.35
  )
}

/** A tool that has no parameters ignores what the person said beyond its name. */
const ignoresContent = (prepared: PreparedTool, request: Understood): number =>
  prepared.parameters.length === 0
    ? Math.min(
        request.stems.filter((word) => !prepared.stems.has(word) && !share(conceptsOf(word), prepared.concepts)).length,
        3
      ) * 0.35
    : 0

/** The tools that a request may mean, best first. */
export const rank = (
  catalogue: Catalogue,
  request: Understood,
  addressed: Addressed,
  options: FillOptions
): ReadonlyArray<Candidate> => {
  const isNew = request.actions.has("record") || request.actions.has("create")
  return catalogue.tools
    .filter((prepared) => isAllowed(prepared, addressed.request))
    .map((prepared) => {
      const words = lexical(catalogue, prepared, request)
      const coverage = nameCoverage(catalogue, prepared, request)
      const verb = verbAgreement(prepared, request)
      const quiet = (prepared.isDiscouraged ? 1 : 0) + (prepared.needsExisting && isNew ? 0.4 : 0)
      const change = request.isLooking && !prepared.isReadOnly && request.verb !== undefined ? 0.3 : 0
      return {
        prepared,
        coverage,
        words,
        evidence: words + coverage + 0.3 * Math.max(0, verb),
        score: words + 1.4 * coverage + 0.9 * verb + addressed.bonus(prepared) - quiet - change
      }
    })
    .filter(({ words }) => words > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, shortlist)
    .map(({ coverage, evidence, prepared, score }) => {
      // To a tool of another source, the name of a source may be an ordinary word.
      const heard = addressed.bonus(prepared) > 0 ? addressed.request : request
      const filled = fill(prepared.tool, prepared.parameters, heard, options)
      return {
        prepared,
        filled,
        evidence,
        score: score + argumentFit(prepared, filled, coverage) - ignoresContent(prepared, heard)
      }
    })
    .toSorted((a, b) => b.score - a.score)
}

/** Below this nothing is called: too little of the request says anything about a tool. */
const minimumScore = 1.6
const minimumEvidence = 0.9
/** Arguments that fit exactly make up for a lack of common words. */
const minimumEvidenceWithArguments = 0.65

/** Whether the best candidate is good enough to be called without asking. */
export const isConvincing = ({ evidence, filled, score }: Candidate): boolean => {
  const fitsExactly = filled.missing.length === 0 && filled.given > 0 && filled.guessed === 0
  return score >= minimumScore && evidence >= (fitsExactly ? minimumEvidenceWithArguments : minimumEvidence)
}
