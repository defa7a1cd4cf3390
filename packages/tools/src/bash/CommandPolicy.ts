/**
 * Whether a script may run: allowed, to be asked about, or denied. It is allowed only where every command of it is,
 * where all of them are known before anything runs, and where the files that they name may be used.
 */
import { Effect, type Path } from "effect"
import type { PathPolicy } from "../paths/PathPolicy.ts"
import type { CommandOptions } from "../ToolsOptions.ts"
import { innerScripts, isUnknown, launchedNames, plainName, possiblePaths, sharpArgument } from "./commandRules.ts"
import { type RedirectedFile, readScript, type ScriptContent, type SimpleCommand } from "./readScript.ts"

/** What becomes of a script, and why. */
export type CommandVerdict =
  | { readonly verdict: "allow" }
  | {
      readonly verdict: "ask" | "deny"
      readonly reason: string
      /** The path policy says so, and no list of commands. */
      readonly isAboutPath?: boolean
    }

/** Judges scripts. */
export interface CommandPolicy {
  readonly judge: (script: string) => Effect.Effect<CommandVerdict>
}

/** Variables that change how output looks, and nothing else. */
const harmlessVariables: ReadonlySet<string> = new Set(["LC_ALL", "LANG", "TZ", "NO_COLOR", "COLUMNS", "LC_COLLATE"])

/** Scripts within scripts. */
const maxDepth = 8
/** Folders that a script may change to. */
const maxFolders = 16

type Rule = ReadonlyArray<string>

const ruleOf = (text: string): Rule => text.split(/\s+/).filter((word) => word !== "")

const fits = (rule: Rule, { words }: SimpleCommand): boolean =>
  rule.length > 0 && rule.every((part, index) => words[index]?.text === part && words[index]?.isLiteral)

/** A denied name counts wherever the program stands. */
const isDeniedBy = (rule: Rule, command: SimpleCommand): boolean =>
  rule.length > 0 &&
  rule.every((part, index) => {
    const text = command.words[index]?.text ?? ""
    return text === part || (index === 0 && plainName(text) === part)
  })

const allow: CommandVerdict = { verdict: "allow" }
const ask = (reason: string): CommandVerdict => ({ verdict: "ask", reason })
const deny = (reason: string): CommandVerdict => ({ verdict: "deny", reason })
const aboutPath = (verdict: CommandVerdict): CommandVerdict =>
  verdict.verdict === "allow" ? verdict : { ...verdict, isAboutPath: true }

/** The strictest of them. */
const strictest = (verdicts: Iterable<CommandVerdict>): CommandVerdict => {
  let found: CommandVerdict = allow
  for (const verdict of verdicts) {
    if (verdict.verdict === "deny") return verdict
    if (found.verdict === "allow") found = verdict
  }
  return found
}

/** The policy of these options. */
export const makeCommandPolicy = (options: CommandOptions, paths: PathPolicy, path: Path.Path): CommandPolicy => {
  const rules = {
    allow: options.allow.map(ruleOf),
    ask: options.ask.map(ruleOf),
    deny: options.deny.map(ruleOf)
  }
  const deniedNames = new Set(rules.deny.flatMap((rule) => (rule.length === 1 ? rule : [])))

  const denial = (command: SimpleCommand): CommandVerdict => {
    const rule = rules.deny.find((rule) => isDeniedBy(rule, command))
    if (rule !== undefined) return deny(`${rule.join(" ")} is not allowed`)
    const launched = launchedNames(command).find((name) => deniedNames.has(name) || name.startsWith("mkfs"))
    return launched === undefined ? allow : deny(`${launched} is not allowed`)
  }

  const permission = (command: SimpleCommand): CommandVerdict => {
    const [name] = command.words
    const assigned = command.assignments.find((variable) => !harmlessVariables.has(variable))
    if (assigned !== undefined) return ask(`it sets the variable ${assigned}`)
    if (name === undefined) return allow
    if (!name.isLiteral) return ask("which command it runs is only known when it runs")
    if (rules.ask.some((rule) => fits(rule, command))) return ask(`${name.text} has to be asked about`)
    if (!rules.allow.some((rule) => fits(rule, command))) return ask(`${name.text} is not among the allowed commands`)
    const sharp = sharpArgument(command)
    if (sharp !== undefined) return ask(sharp)
    const unknown = command.words.find((word) => isUnknown(command, word))
    return unknown === undefined ? allow : ask(`what ${unknown.text} stands for is only known when it runs`)
  }

  const usable = (given: string, use: "read" | "write", from: string) =>
    Effect.match(paths.decide(given, use, from), { onFailure: ({ reason }) => reason, onSuccess: () => undefined })

  /** Whatever folder the script may be in when a command runs. */
  const foldersOf = (commands: ReadonlyArray<SimpleCommand>): ReadonlyArray<string> | undefined => {
    const folders = new Set([paths.cwd])
    for (const { words } of commands) {
      if (words[0]?.text !== "cd" && words[0]?.text !== "pushd") continue
      const target = words.slice(1).findLast(({ text }) => !text.startsWith("-"))
      // Home, or the one before: neither is a folder of the policy.
      if (target === undefined) return undefined
      for (const folder of Array.from(folders)) folders.add(path.resolve(folder, target.text))
      if (folders.size > maxFolders) return undefined
    }
    return [...folders]
  }

  const judgeFiles = Effect.fnUntraced(function* ({ commands, files }: ScriptContent) {
    const folders = foldersOf(commands)
    if (folders === undefined) return [ask("the folder that it works in is only known when it runs")]
    const verdicts: Array<CommandVerdict> = []
    for (const from of folders) {
      for (const command of commands) {
        for (const given of possiblePaths(command)) {
          const problem = yield* usable(given, "read", from)
          if (problem !== undefined) verdicts.push(aboutPath(ask(`it names ${JSON.stringify(given)}: ${problem}`)))
        }
      }
      for (const file of files) verdicts.push(yield* judgeFile(file, from))
    }
    return verdicts
  })
  const judgeFile = Effect.fnUntraced(function* ({ target, use }: RedirectedFile, from: string) {
    if (!target.isLiteral) return ask(`where it ${use}s is only known when it runs`)
    if (target.text === "/dev/null") return allow
    // Bash itself makes connections of these names, whether there is such a file or not.
    if (/^\/dev\/(?:tcp|udp)\//.test(target.text)) return deny("it opens a connection")
    const problem = yield* usable(target.text, use, from)
    if (problem === undefined) return allow
    return aboutPath(deny(`a redirection ${use}s ${JSON.stringify(target.text)}: ${problem}`))
  })

  const judgeAt = (script: string, depth: number): Effect.Effect<CommandVerdict> =>
    Effect.gen(function* () {
      const content = readScript(script)
      if ("problem" in content) return deny(content.problem)
      if (depth > maxDepth) return ask("it holds scripts within scripts within scripts")
      const inner: Array<CommandVerdict> = []
      for (const command of content.commands) {
        for (const text of innerScripts(command)) {
          const verdict = yield* judgeAt(text, depth + 1)
          // What is no script of this language may still be an argument: only a denial counts.
          if (verdict.verdict === "deny" && !("problem" in readScript(text))) inner.push(verdict)
        }
      }
      const files = yield* judgeFiles(content)
      return strictest([
        ...content.commands.map(denial),
        ...inner,
        ...files,
        ...content.doubts.map(ask),
        ...content.commands.map(permission)
      ])
    })
  return { judge: (script) => judgeAt(script, 0) }
}
