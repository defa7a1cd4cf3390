/**
 * Words of English text and of identifiers, reduced to stems, so that "listing files" meets `list_files`.
 * The stemmer is deliberately light: it only has to make two spellings of one word meet, not be right.
 */

const irregular: Readonly<Record<string, string>> = {
  made: "make",
  wrote: "write",
  written: "write",
  found: "find",
  took: "take",
  shown: "show",
  gave: "give",
  went: "go",
  knew: "know",
  known: "know",
  people: "person",
  children: "child",
  indices: "index",
  entities: "entity",
  queries: "query",
  data: "data",
  news: "news",
  css: "css",
  does: "do",
  has: "have",
  is: "be",
  are: "be",
  was: "be",
  were: "be",
  this: "this",
  yes: "yes"
}

const undouble = (word: string): string => word.replace(/([bdgmnprt])\1$/, "$1")

/** "queries", "boxes", "files" */
const withoutS = (word: string): string => {
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`
  if (word.length > 4 && /(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2)
  return word.length > 3 && /[^su]s$/.test(word) ? word.slice(0, -1) : word
}

/** "tried", "planned" */
const withoutEd = (word: string): string => {
  if (word.length <= 4) return word
  return word.endsWith("ied") ? `${word.slice(0, -3)}y` : undouble(word.slice(0, -2))
}

const withoutEnding = (word: string): string => {
  if (word.endsWith("s")) return withoutS(word)
  if (word.endsWith("ed")) return withoutEd(word)
  return word.length > 5 && word.endsWith("ing") ? undouble(word.slice(0, -3)) : word
}

/** The stem of one lower-case word. */
export const stem = (word: string): string => {
  const known = Object.hasOwn(irregular, word) ? irregular[word] : undefined
  if (known !== undefined) return known
  const base = withoutEnding(word)
  // "writing" and "write", "sizes" and "size" meet without their last e.
  return base.length > 3 && base.endsWith("e") ? base.slice(0, -1) : base
}

/** The words of a text or identifier in lower case: split at everything but letters and digits, and at camelCase. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? []

/** The stems of a text or identifier. */
export const stemsOf = (text: string): ReadonlyArray<string> => wordsOf(text).map(stem)

const stopWords = new Set(
  (
    "a an the of to in on at by for from with and or but if as is are be was were been am do does did have has had i you he she it we they " +
    "me my your his her its our their this that these those there here please can could would will shall should may might must just also " +
    "some any all each every so than too very not no yes what which who whom whose when where why how let us up out about into onto over " +
    "s t m re ll ve d want like need now then tool whether one using via per"
  ).split(" ")
)

/** Words that say nothing about what is wanted. */
export const isStopWord = (word: string): boolean => stopWords.has(word)

/** An identifier as a person would say it: `homeAddress` becomes `home address`. */
export const spoken = (identifier: string): string => wordsOf(identifier).join(" ")
