/**
 * The keys by which clients of `signalbox serve` are let in, with their references resolved. A key that is not set would
 * let in nobody, or whoever guesses that.
 */
import { Effect, Equal, Redacted } from "effect"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { ConfigPath } from "./config/document.ts"
import type { FoundProblem } from "./config/layers.ts"
import { notSet, resolveKey, unsetVariables } from "./config/secrets.ts"
import type { ClientKey } from "./config/ServerOptions.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** A key with what it allows. */
export interface ResolvedClientKey extends Omit<ClientKey, "key"> {
  readonly key: Redacted.Redacted
}

const placeOf = (index: number): ConfigPath => ["server", "auth", "keys", index, "key"]

/** Who brings a key that two clients have would be let in as the first of them, whatever the second may do. */
const sharedKeys = (keys: ReadonlyMap<number, ResolvedClientKey>): ReadonlyArray<FoundProblem> => {
  // Blanks around a key do not count when it is compared.
  const textOf = ({ key }: ResolvedClientKey) => Redacted.value(key).trim()
  return [...keys].flatMap(([index, entry]) => {
    const other = [...keys].find(([at, one]) => at !== index && textOf(one) === textOf(entry))
    if (other === undefined) return []
    const [at, { name }] = other
    return [
      {
        path: placeOf(index),
        message: `"${entry.name}" has the same key as "${name}" (${placeOf(at).join(".")})`,
        suggestion: "give each client a key of its own"
      }
    ]
  })
}

/** All keys, and what is wrong with those that cannot be used. */
export const readClientKeys = ({ options }: LoadedConfig, environment: Environment) => {
  const { auth } = options.server
  const keys = new Map<number, ResolvedClientKey>()
  const problems: Array<FoundProblem> = []
  for (const [index, entry] of (auth.mode === "keys" ? auth.keys : []).entries()) {
    const key = resolveKey(entry.key, environment)
    if (key !== undefined) {
      keys.set(index, { ...entry, key })
      continue
    }
    const unset = unsetVariables(entry.key, environment)
    problems.push({
      path: placeOf(index),
      message: unset.length === 0 ? "the key is empty" : notSet(unset),
      suggestion: "set it, or take the key out"
    })
  }
  return { keys: [...keys.values()], problems: [...problems, ...sharedKeys(keys)] }
}

/** All keys. Fails with every one that cannot be used. */
export const resolveClientKeys = (config: LoadedConfig, environment: Environment) => {
  const { keys, problems } = readClientKeys(config, environment)
  return problems.length > 0 ? Effect.fail(config.invalid(problems)) : Effect.succeed(keys)
}

/** Which clients are there since another list of keys, by name. */
export interface ClientsChanged {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  /** With another key, or other models or tools. */
  readonly changed: ReadonlyArray<string>
}

const isSame = ({ key, ...scopes }: ResolvedClientKey, { key: otherKey, ...others }: ResolvedClientKey): boolean =>
  Redacted.value(key) === Redacted.value(otherKey) && Equal.equals(scopes, others)

/** What is different. */
export const clientChanges = (
  before: ReadonlyArray<ResolvedClientKey>,
  after: ReadonlyArray<ResolvedClientKey>
): ClientsChanged => {
  const known = new Map(before.map((entry) => [entry.name, entry]))
  const now = new Set(after.map(({ name }) => name))
  return {
    added: after.flatMap(({ name }) => (known.has(name) ? [] : [name])),
    removed: before.flatMap(({ name }) => (now.has(name) ? [] : [name])),
    changed: after.flatMap((entry) => {
      const old = known.get(entry.name)
      return old === undefined || isSame(old, entry) ? [] : [entry.name]
    })
  }
}
