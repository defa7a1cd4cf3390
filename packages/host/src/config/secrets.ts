/**
 * References in texts of the configuration: `env:NAME` reads a variable and is a secret from then on,
 * `\${configDir}` is the folder of the file.
 */
import { Redacted } from "effect"

const variable = /\benv:([A-Za-z_][A-Za-z0-9_]*)/g

/** The variables that a text refers to. */
export const variablesIn = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(variable), (match) => match[1] ?? "")

/** A text with its references resolved; `undefined` when a variable is not set. */
export const resolveText = (
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  directory: string
): string | Redacted.Redacted | undefined => {
  const names = variablesIn(text)
  const placed = text.replaceAll("${configDir}", directory)
  if (names.length === 0) return placed
  if (names.some((name) => (environment[name] ?? "") === "")) return undefined
  return Redacted.make(placed.replace(variable, (_, name: string) => environment[name] ?? ""))
}
