/**
 * What the keys must look like that a person chooses, and where such keys stand. A key that breaks its rule counts for
 * the schema as a key that nobody knows, so its own words are lost there.
 */
import type { ConfigPath } from "./document.ts"

/** The rules, as a message tells them. */
export const keyRules = {
  name: "Expected a name of 1 to 32 letters, digits, - or _",
  program: "Expected the name of a program that knows --version",
  variable: "Expected the name of an environment variable: letters, digits and _, not beginning with a digit"
} as const

const places: ReadonlyArray<readonly [pattern: ReadonlyArray<string>, rule: string]> = [
  [["servers", "*"], keyRules.name],
  [["providers", "*"], keyRules.name],
  [["agents", "*"], keyRules.name],
  [["agents", "*", "tools", "*"], keyRules.name],
  [["agents", "*", "secrets", "*"], keyRules.name],
  [["agents", "*", "secrets", "*", "*"], keyRules.variable],
  [["servers", "*", "env", "*"], keyRules.variable],
  [["tools", "commands", "environment", "*"], keyRules.variable],
  [["servers", "*", "requires", "*"], keyRules.program]
]

/** The rule for the last key of a path; `undefined` where only certain keys may stand. */
export const keyRuleAt = (path: ConfigPath): string | undefined =>
  places.find(
    ([pattern]) =>
      pattern.length === path.length && pattern.every((part, index) => part === "*" || part === path[index])
  )?.[1]
