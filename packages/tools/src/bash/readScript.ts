/**
 * What a line of Bash runs, told apart by a grammar and not by patterns: every simple command with its words, every
 * file that is read or written by a redirection, and everything whose meaning cannot be told before it runs.
 */
import {
  type Command,
  forEachChild,
  parse,
  type ParsedScript,
  type Redirection,
  type SyntaxNode,
  type Word
} from "unbash"
import { Result } from "effect"

/** A word as far as it is known before it runs. */
export interface KnownWord {
  readonly text: string
  /** Its value is what stands there, without variables, patterns or anything that is run first. */
  readonly isLiteral: boolean
  /** It is one word whatever its value is, and never becomes names of files. */
  readonly isQuoted: boolean
}

/** One simple command. */
export interface SimpleCommand {
  /** The name and the arguments, without quotes. */
  readonly words: ReadonlyArray<KnownWord>
  readonly assignments: ReadonlyArray<string>
}

/** A file that the shell itself opens. */
export interface RedirectedFile {
  readonly target: KnownWord
  readonly use: "read" | "write"
}

/** All of a script. */
export interface ScriptContent {
  readonly commands: ReadonlyArray<SimpleCommand>
  readonly files: ReadonlyArray<RedirectedFile>
  /** Constructs whose effect cannot be told before they run. */
  readonly doubts: ReadonlyArray<string>
}

interface Collected {
  readonly commands: Array<SimpleCommand>
  readonly files: Array<RedirectedFile>
  readonly doubts: Array<string>
  problem: string | undefined
}

/** Longer scripts are not judged. */
const maxScriptLength = 20_000

/** Nodes that mean just what their parts mean. */
const transparent: ReadonlySet<SyntaxNode["type"]> = new Set([
  "Script",
  "Statement",
  "CompoundList",
  "AndOr",
  "Pipeline",
  "Negation",
  "Time",
  "Redirected",
  "Subshell",
  "BraceGroup",
  "If",
  "Elif",
  "While",
  "For",
  "Word",
  "Literal",
  "SingleQuoted",
  "DoubleQuoted",
  "AnsiCQuoted",
  "Glob",
  "HereString",
  "HereDoc",
  "HereDocBody",
  "HereDocDelimiter",
  "FileDescriptor",
  "SimpleExpansion",
  "CommandExpansion",
  "ProcessSubstitution",
  "BraceExpansion"
])

const doubtNames: Readonly<Partial<Record<SyntaxNode["type"], string>>> = {
  Function: "it defines a function",
  Coproc: "it starts a coprocess",
  Case: "it uses case",
  Select: "it uses select",
  ArithmeticFor: "it computes while it runs",
  ArithmeticCommand: "it computes while it runs",
  ArithmeticExpansion: "it computes while it runs",
  TestCommand: "it uses [[, which may run what stands in it",
  ParameterExpansion: "it changes the value of a variable while it is used"
}

const literalParts: ReadonlySet<string> = new Set(["Literal", "SingleQuoted", "AnsiCQuoted"])

/** Whether a word is exactly its value: no variable, no pattern, no tilde, nothing that the shell replaces. */
const isLiteral = (word: Word): boolean => {
  if (/^~|[:=]~/.test(word.text)) return false
  return (word.parts ?? []).every((part) =>
    part.type === "DoubleQuoted" ? part.parts.every(({ type }) => type === "Literal") : literalParts.has(part.type)
  )
}

/** Whether nothing in a word is replaced outside of quotes: the value of a variable may be a pattern of names. */
const isQuoted = (word: Word): boolean =>
  !/^~|[:=]~/.test(word.text) &&
  (word.parts ?? []).every(({ type }) => type === "DoubleQuoted" || literalParts.has(type))

const known = (word: Word): KnownWord => ({
  text: word.value,
  isLiteral: isLiteral(word),
  isQuoted: isQuoted(word)
})

const addCommand = (collected: Collected, command: Command): void => {
  const assignments = command.prefix.flatMap((node) => (node.type === "Assignment" ? [node.name] : []))
  // `export A=1` has an assignment among its arguments; there it is an argument like any other.
  const args = command.args.map((argument): KnownWord =>
    argument.type === "Word" ? known(argument) : { text: argument.text, isLiteral: false, isQuoted: false }
  )
  const words = command.name === undefined ? args : [known(command.name), ...args]
  if (words.length > 0 || assignments.length > 0) collected.commands.push({ words, assignments })
}

const writing: ReadonlySet<string> = new Set([">", ">>", ">|", "&>", "&>>", "<>", ">&"])

const addRedirection = (collected: Collected, redirection: Redirection): void => {
  if (redirection.descriptor?.type === "FileDescriptorVariable")
    collected.doubts.push("it chooses a file descriptor while it runs")
  if (redirection.type !== "Redirect") return
  if (redirection.target === undefined) {
    collected.problem ??= "a redirection has no target"
    return
  }
  const target = known(redirection.target)
  // `2>&1`, `>&-`: another descriptor, and no file.
  if (redirection.operator.endsWith("&") && target.isLiteral && /^(?:\d+-?|-)$/.test(target.text)) return
  collected.files.push({ target, use: writing.has(redirection.operator) ? "write" : "read" })
}

const addScript = (collected: Collected, script: ParsedScript): void => {
  const [error] = script.errors ?? []
  if (error !== undefined) collected.problem ??= `its grammar is not clear (${error.message})`
}

/** What a loop goes through must be known, since it is what its variable stands for. */
const addLoop = (collected: Collected, { wordlist = [] }: Extract<SyntaxNode, { readonly type: "For" }>): void => {
  const unknown = wordlist.find((word) => !isLiteral(word))
  if (unknown !== undefined) collected.doubts.push(`a loop goes through ${unknown.text}`)
}

/** An expansion whose script could not be read would be passed over by a walk. */
const isUnread = (node: SyntaxNode): boolean =>
  (node.type === "CommandExpansion" || node.type === "ProcessSubstitution") && node.script === undefined

const look = (collected: Collected, node: SyntaxNode): void => {
  switch (node.type) {
    case "Script":
      return addScript(collected, node)
    case "Command":
      return addCommand(collected, node)
    case "Redirect":
    case "HereString":
    case "HereDoc":
      return addRedirection(collected, node)
    case "For":
      return addLoop(collected, node)
    case "Assignment":
      return
    default:
      if (isUnread(node)) collected.problem ??= "a substitution in it cannot be read"
      if (!transparent.has(node.type)) collected.doubts.push(doubtNames[node.type] ?? `it uses ${node.type}`)
  }
}

const visit = (collected: Collected, node: SyntaxNode): void => {
  look(collected, node)
  forEachChild(node, (child) => visit(collected, child))
}

const hasControl = (script: string): boolean => {
  for (const char of script) {
    const code = char.codePointAt(0) ?? 0
    if ((code < 0x20 && char !== "\n" && char !== "\t") || (code >= 0x7f && code < 0xa0)) return true
  }
  return false
}

/** What a script runs and touches, or why that cannot be told. */
export const readScript = (script: string): ScriptContent | { readonly problem: string } => {
  if (script.length > maxScriptLength) return { problem: `it is longer than ${maxScriptLength} characters` }
  if (!script.isWellFormed()) return { problem: "it is no well-formed text" }
  // A shell and a parser may not agree where such a line ends.
  if (hasControl(script)) return { problem: "it contains control characters" }
  const collected: Collected = { commands: [], files: [], doubts: [], problem: undefined }
  // Both go as deep as the script does, which may be deeper than a stack is.
  const read = Result.try(() => visit(collected, parse(script)))
  if (Result.isFailure(read)) return { problem: "it is nested too deeply" }
  const { problem, ...content } = collected
  return problem === undefined ? content : { problem }
}
