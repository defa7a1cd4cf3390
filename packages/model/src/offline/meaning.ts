/**
 * Which English words mean about the same when something is asked of a computer.
 * General language only: no tool, server or product is known here by name.
 */
import { stem, wordsOf } from "./words.ts"

const verbGroups: Readonly<Record<string, string>> = {
  see: "show display print view see get fetch retrieve return give tell present output watch inspect check",
  read: "read open view show display see load say",
  list: "list show enumerate display",
  know: "know remember recall",
  write: "write save store put overwrite",
  create: "create make add new generate insert build post",
  record: "remember memorize memorise note jot store keep record learn",
  append: "append add attach",
  delete: "delete remove erase forget drop discard destroy clear trash wipe unlink",
  move: "move rename relocate transfer",
  copy: "copy duplicate clone",
  search: "search find look query seek locate lookup match",
  edit: "edit change replace modify update patch alter correct substitute amend rewrite",
  sum: "add sum plus total",
  subtract: "subtract minus",
  multiply: "multiply times",
  echo: "echo repeat parrot",
  navigate: "navigate go visit browse open load",
  click: "click press tap push",
  press: "press hit push",
  type: "type enter fill input",
  select: "select choose pick switch",
  toggle: "toggle turn switch enable disable flip",
  run: "run start trigger launch execute begin perform do",
  stop: "stop end finish halt cancel",
  close: "close quit exit shut",
  wait: "wait pause sleep delay",
  compress: "compress zip gzip shrink pack",
  upload: "upload attach send",
  send: "send mail message dispatch deliver",
  simulate: "simulate pretend emulate mimic",
  think: "think reason ponder reflect",
  resolve: "resolve find determine identify",
  capture: "capture take grab snap record",
  resize: "resize scale",
  compare: "compare diff",
  drag: "drag pull",
  hover: "hover point",
  schedule: "schedule plan book",
  evaluate: "evaluate eval execute run calculate compute",
  convert: "convert transform translate",
  audit: "audit check analyze analyse examine"
}

const nounGroups: Readonly<Record<string, string>> = {
  file: "file document",
  folder: "folder directory dir",
  image: "image picture photo media logo icon",
  media: "media audio video sound music picture photo image",
  docs: "docs documentation doc manual",
  environment: "environment env variables",
  memory: "memory knowledge remember memorize memorise know recall forget",
  thing: "entity node item object thing",
  relation: "relation relationship link connection",
  fact: "observation fact note statement",
  page: "page tab site website",
  person: "user person member",
  name: "name called named title titled",
  size: "size sizes big large long heavy",
  details: "info information details metadata properties stats big old changed modified",
  tree: "tree hierarchy structure recursive",
  allowed: "allowed permitted accessible access",
  whole: "whole full entire complete everything",
  count: "count number amount quantity many",
  limit: "limit size count max maximum number top",
  first: "first head beginning start top",
  last: "last tail ending bottom final",
  key: "key button",
  log: "log logging logs",
  several: "multiple several many",
  text: "text content contents",
  research: "research study investigation",
  pattern: "pattern glob match matching",
  contents: "contents content say says inside",
  exclude: "exclude except excluding without ignore skip omit leave",
  include: "include including with",
  color: "color colour",
  bot: "bot robot self myself",
  error: "error failure problem",
  mode: "mode scheme theme",
  date: "date day time when due deadline"
}

const conceptsByStem = new Map<string, Set<string>>()
const verbsByStem = new Map<string, Set<string>>()
const register = (index: Map<string, Set<string>>, word: string, concept: string) => {
  const key = stem(word)
  index.set(key, (index.get(key) ?? new Set()).add(concept))
}
for (const [concept, members] of Object.entries(verbGroups)) {
  for (const word of members.split(" ")) {
    register(conceptsByStem, word, `v:${concept}`)
    register(verbsByStem, word, concept)
  }
}
for (const [concept, members] of Object.entries(nounGroups)) {
  for (const word of members.split(" ")) register(conceptsByStem, word, `n:${concept}`)
}

const none: ReadonlySet<string> = new Set()

/** What a stem may mean: the groups of synonyms that it belongs to. */
export const conceptsOf = (stemmed: string): ReadonlySet<string> => conceptsByStem.get(stemmed) ?? none

/** The actions that a stem may stand for; empty when it is no verb of ours. */
export const actionsOf = (stemmed: string): ReadonlySet<string> => verbsByStem.get(stemmed) ?? none

/** Whether two sets have a member in common. */
export const share = (a: ReadonlySet<string>, b: { readonly has: (key: string) => boolean }): boolean => {
  for (const member of a) if (b.has(member)) return true
  return false
}

/** Whether two stems are the same word or synonyms. */
export const areAlike = (a: string, b: string): boolean => a === b || share(conceptsOf(a), conceptsOf(b))

/** Actions that only look. A sentence with one of these must not change anything. */
const looking = new Set(["see", "read", "list", "search", "know", "compare", "audit", "resolve"])

/** Whether every action that the word may stand for only looks. */
export const onlyLooks = (actions: ReadonlySet<string>): boolean =>
  actions.size > 0 && [...actions].every((action) => looking.has(action))

/** Whether words name a deletion. */
export const isDeletion = (text: string): boolean => wordsOf(text).some((word) => actionsOf(stem(word)).has("delete"))

const phrases: ReadonlyArray<readonly [RegExp, string]> = [
  [/\blook(?:ing)? (?:up|for)\b/gi, "search"],
  [/\blook at\b/gi, "read"],
  [/^\s*ls\b/i, "list folder"],
  [/^\s*cat\b/i, "read file"],
  [/^\s*mkdir\b/i, "create folder"],
  [/^\s*mv\b/i, "move file"],
  [/^\s*(?:rm|rmdir)\b/i, "delete"],
  [/^\s*grep\b/i, "search"],
  [/\bopen (?:up )?(?:an? new|another)\b/gi, "create new"],
  [/\bget rid of\b/gi, "delete"],
  [/\bgo to\b/gi, "navigate"],
  [/\bgo back\b/gi, "navigate back"],
  [/\bhow (?:big|large|long|old)\b/gi, "show details size"],
  [/\bleave out\b/gi, "exclude"],
  [/\bwrite down\b/gi, "remember"],
  [/\bset up\b/gi, "create"],
  [/\bsums? up\b|\badd up\b/gi, "sum"],
  [/\btake a note\b|\bmake a note\b/gi, "remember"],
  [/\bstep by step\b/gi, "sequential step"],
  [/\bwho am i\b/gi, "show self"],
  [/\bwhat(?:'s| is| are) in\b/gi, "show contents"],
  [/\bwhat does\b/gi, "read"],
  [/\bwhat do you (?:know|remember) (?:about|of)\b/gi, "search memory"],
  [/\bwhat do you (?:know|remember)\b/gi, "read whole memory"]
]

/** A text with its idioms replaced by plain words: "look up" becomes "search". For ranking only. */
export const plainWords = (text: string): string =>
  phrases.reduce((result, [pattern, plain]) => result.replace(pattern, plain), text)
