/**
 * References in texts of the configuration: `env:NAME` reads a variable and is a secret from then on,
 * `\${configDir}` is the folder of the file. Where letters touch it, a reference is written `\${env:NAME}`.
 */
import { isSecretKey, redact } from "@signalbox/errors"
import { Redacted } from "effect"
import type { ConfigPath } from "./document.ts"

type Environment = Readonly<Record<string, string | undefined>>

const reference = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}|\benv:([A-Za-z_][A-Za-z0-9_]*)/g

/** The variables that a text refers to; a secret refers to none. */
export const variablesIn = (text: string | Redacted.Redacted): ReadonlyArray<string> =>
  typeof text === "string" ? Array.from(text.matchAll(reference), ([, inBraces, plain]) => inBraces ?? plain ?? "") : []

/** A text with its references put aside, so that they are not taken for what stands around them; `restore` puts them back. */
export const asideReferences = (text: string) => {
  const found: Array<string> = []
  // Line ends belong to no secret and no reference.
  const aside = text.replace(reference, (whole) => `\n${found.push(whole) - 1}\n`)
  const restore = (changed: string) =>
    changed.replace(/\n(\d+)\n/g, (whole, index: string) => found[Number(index)] ?? whole)
  return { text: aside, restore }
}

/** Of the variables that a text refers to, those that are not set. */
export const unsetVariables = (text: string | Redacted.Redacted, environment: Environment): ReadonlyArray<string> =>
  variablesIn(text).filter((name) => (environment[name] ?? "") === "")

/** Says of variables that they are not set. */
export const notSet = (names: ReadonlyArray<string>): string =>
  names.length === 1
    ? `the environment variable ${names[0]} is not set`
    : `the environment variables ${names.join(", ")} are not set`

/** A text with its references resolved; `undefined` when a variable is not set. */
export const resolveText = (
  text: string,
  environment: Environment,
  directory: string
): string | Redacted.Redacted | undefined => {
  const placed = text.replaceAll("${configDir}", () => directory)
  if (variablesIn(text).length === 0) return placed
  if (unsetVariables(text, environment).length > 0) return undefined
  return Redacted.make(
    placed.replace(reference, (_, inBraces?: string, plain?: string) => environment[inBraces ?? plain ?? ""] ?? "")
  )
}

/** The API key that a configuration gives, itself or by reference; `undefined` when it is empty or not set. */
export const resolveKey = (
  given: string | Redacted.Redacted,
  environment: Environment
): Redacted.Redacted | undefined => {
  const resolved = typeof given === "string" ? resolveText(given, environment, "") : given
  const key = typeof resolved === "string" ? Redacted.make(resolved) : resolved
  return key === undefined || Redacted.value(key).trim() === "" ? undefined : key
}

/** What is no secret whatever it is called: nothing, a switch, a reference. */
const isHarmless = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  typeof value === "boolean" ||
  (typeof value === "string" && variablesIn(value).length > 0)

/** Whatever stands under the secrets of an agent is one. */
const isAmongSecrets = ([section, , key]: ConfigPath): boolean => section === "agents" && key === "secrets"

/** A value of the configuration as it may be shown: masked when it is, or is named like, a secret. */
export const showable = (path: ConfigPath, value: unknown): unknown =>
  (isSecretKey(String(path.at(-1))) || isAmongSecrets(path)) && !isHarmless(value) ? "<redacted>" : redact(value)
