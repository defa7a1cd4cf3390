/**
 * What is known of single commands: which of them start others, and which arguments turn one that only looks into one
 * that writes or runs. Pure.
 */
import type { KnownWord, SimpleCommand } from "./readScript.ts"

/** Commands that run what stands in their arguments, so a denied name among these is found, too. */
const launchers: ReadonlySet<string> = new Set([
  "env",
  "nice",
  "nohup",
  "timeout",
  "time",
  "xargs",
  "command",
  "builtin",
  "exec",
  "stdbuf",
  "setsid",
  "ionice",
  "find",
  "watch",
  "parallel",
  "flock",
  "script",
  "busybox",
  "strace",
  "ltrace",
  "taskset",
  "chrt",
  "setarch",
  "unbuffer"
])

/** Commands that take a script of the same language: it is read like any other. */
const shells: ReadonlySet<string> = new Set(["bash", "sh", "dash", "eval", "trap", "source", ".", "zsh", "ksh"])

/** Their arguments are text, never names of files or patterns of them. */
const textCommands: ReadonlySet<string> = new Set([
  "echo",
  "true",
  "false",
  "sleep",
  "seq",
  "exit",
  "basename",
  "dirname"
])

/** So are those of printf; which of them is its option has to be known. */
const pathless: ReadonlySet<string> = new Set([...textCommands, "printf"])

/** Options that make a command write, run another, or leave what the paths show. Long ones by their beginnings. */
const sharpArguments: ReadonlyMap<string, RegExp> = new Map([
  ["sort", /^(?:-[a-zA-Z]*[oST]|--o|--co|--t|--f)/],
  // What is no format sets the clock.
  ["date", /^(?:[^+-]|-[a-zA-Z]*[sf]|--s|--f)/],
  ["grep", /^(?:-[a-zA-Z]*[Rf]|--d|--file)/],
  // What stands in brackets is run.
  ["printf", /^-v/],
  ["test", /^-[vR]$/],
  ["[", /^-[vR]$/],
  ["type", /^-[a-zA-Z]*f/],
  ["ls", /^(?:-[a-zA-Z]*[LH]|--d)/],
  ["du", /^(?:-[a-zA-Z]*[LXH]|--f|--d|--ex)/],
  ["wc", /^--f/],
  ["tail", /^(?:-[a-zA-Z]*[fF]|--fo|--re|--pid)/],
  ["md5sum", /^(?:-[a-zA-Z]*c|--c)/],
  ["sha256sum", /^(?:-[a-zA-Z]*c|--c)/],
  // It follows the links in folders.
  ["diff", /./]
])

/** So many arguments that are no options; the one after them would be written to, or would change the system. */
const mostOperands: ReadonlyMap<string, number> = new Map([
  ["uniq", 1],
  ["hostname", 0]
])

/** The last part of a name with slashes: `/usr/bin/sudo` is sudo. */
export const plainName = (name: string): string => name.slice(name.lastIndexOf("/") + 1)

/** The words behind which another command may stand. */
export const launchedNames = ({ words }: SimpleCommand): ReadonlyArray<string> => {
  const [name, ...rest] = words
  if (name === undefined || !launchers.has(plainName(name.text))) return []
  return rest.flatMap(({ text }) => text.split(/\s+/)).map(plainName)
}

/** Scripts that a command is given to run. */
export const innerScripts = ({ words }: SimpleCommand): ReadonlyArray<string> => {
  const [name, ...rest] = words
  if (name === undefined) return []
  const plain = plainName(name.text)
  if (shells.has(plain)) {
    // `eval` joins its arguments; any of the others may be the script.
    const texts = rest.map(({ text }) => text)
    return plain === "eval" ? [texts.join(" ")] : texts.filter((text) => !text.startsWith("-"))
  }
  return launchers.has(plain) ? rest.map(({ text }) => text).filter((text) => /\s/.test(text)) : []
}

/** What an allowed command would do beyond looking, in words. */
export const sharpArgument = ({ words }: SimpleCommand): string | undefined => {
  const [name, ...rest] = words
  if (name === undefined) return undefined
  const sharp = sharpArguments.get(name.text)
  const found = sharp === undefined ? undefined : rest.find(({ text }) => sharp.test(text))
  if (found !== undefined) return `${name.text} ${found.text} does more than look`
  const most = mostOperands.get(name.text)
  const operands = rest.filter(({ text }) => !text.startsWith("-"))
  if (most !== undefined && operands.length > most) return `${name.text} with so many arguments does more than look`
  return undefined
}

/** The arguments that may be files: whole words, and what stands behind `=` or behind the letter of an option. */
export const possiblePaths = ({ words }: SimpleCommand): ReadonlyArray<string> => {
  const [name, ...rest] = words
  if (name === undefined || pathless.has(name.text)) return []
  return rest.flatMap(({ text }) => {
    if (text === "-" || text === "--" || text === "") return []
    if (!text.startsWith("-")) return [text]
    const value = text.includes("=") ? text.slice(text.indexOf("=") + 1) : text.startsWith("--") ? "" : text.slice(2)
    return value === "" ? [] : [value]
  })
}

/** Whether the value of a word decides what is touched, and is not known. Text that is printed may be anything. */
export const isUnknown = (command: SimpleCommand, word: KnownWord): boolean =>
  textCommands.has(command.words[0]?.text ?? "") ? !word.isQuoted : !word.isLiteral
