/**
 * The keys by which clients of `signalbox serve` are let in, with their references resolved. A key that is not set would
 * let in nobody, or whoever guesses that.
 */
import { Effect, Equal, Redacted } from "effect"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { FoundProblem } from "./config/layers.ts"
import { notSet, resolveKey, unsetVariables } from "./config/secrets.ts"
import type { ClientKey } from "./config/ServerOptions.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** A key with what it allows. */
export interface ResolvedClientKey extends Omit<ClientKey, "key"> {
  readonly key: Redacted.Redacted
}

/** All keys, and what is wrong with those that cannot be used. */
export const readClientKeys = ({ options }: LoadedConfig, environment: Environment) => {
  const { auth } = options.server
  const keys: Array<ResolvedClientKey> = []
  const problems: Array<FoundProblem> = []
  for (const [index, entry] of (auth.mode === "keys" ? auth.keys : []).entries()) {
    const key = resolveKey(entry.key, environment)
    if (key !== undefined) {
      keys.push({ ...entry, key })
      continue
    }
    const unset = unsetVariables(entry.key, environment)
    problems.push({
      path: ["server", "auth", "keys", index, "key"],
      message: unset.length === 0 ? "the key is empty" : notSet(unset),
      suggestion: "set it, or take the key out"
    })
  }
  return { keys, problems }
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
