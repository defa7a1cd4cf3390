/**
 * Where logins are kept. Every read sees what other processes have written, and `exclusive` is the one lock under which
 * a login may be renewed: whoever waited for it reads again first, and mostly finds that there is nothing left to do.
 */
import { Context, Effect, type FileSystem, Layer, type Path, Semaphore } from "effect"
import type { TokenStoreUnusable } from "./authErrors.ts"
import type { Login, LoginKey } from "./Login.ts"
import { makeTokenFiles } from "./tokenFiles.ts"

/** Keeps logins. One address may have several, of different issuers; the first one is in use. */
export interface TokenStore {
  /** What is kept now, the latest first. */
  readonly read: (key: LoginKey) => Effect.Effect<ReadonlyArray<Login>, TokenStoreUnusable>
  /** Puts a login in front, in place of the one of the same issuer. */
  readonly write: (key: LoginKey, login: Login) => Effect.Effect<void, TokenStoreUnusable>
  /** Forgets everything; answers whether there was anything. */
  readonly remove: (key: LoginKey) => Effect.Effect<boolean, TokenStoreUnusable>
  /** Runs one effect at a time for a key, over all processes that share the store. Not reentrant. */
  readonly exclusive: (
    key: LoginKey
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TokenStoreUnusable, R>
}

/** A store that keeps nothing. */
const none: TokenStore = {
  read: () => Effect.succeed([]),
  write: () => Effect.void,
  remove: () => Effect.succeed(false),
  exclusive: () => (effect) => effect
}

/**
 * The store that `connect` and `authorize` use. The application provides it (`layerTokenFiles`, `layerTokenMemory`); the
 * default keeps nothing, so that no program writes tokens to a disk without having thought about it.
 */
export const TokenStore = Context.Reference<TokenStore>("@signalbox/mcp/TokenStore", { defaultValue: () => none })

/** Puts a login in front of the others. */
const withLogin = (logins: ReadonlyArray<Login>, login: Login): ReadonlyArray<Login> => [
  login,
  ...logins.filter(({ issuer }) => issuer.issuer !== login.issuer.issuer)
]

/** Keeps logins for as long as the layer lives. */
export const layerTokenMemory: Layer.Layer<never> = Layer.effect(
  TokenStore,
  Effect.sync(() => {
    const kept = new Map<string, ReadonlyArray<Login>>()
    const locks = makeLocks()
    return {
      read: (key) => Effect.sync(() => kept.get(nameOf(key)) ?? []),
      write: (key, login) =>
        Effect.sync(() => void kept.set(nameOf(key), withLogin(kept.get(nameOf(key)) ?? [], login))),
      remove: (key) => Effect.sync(() => kept.delete(nameOf(key))),
      exclusive: (key) => locks(nameOf(key))
    } satisfies TokenStore
  })
)

/**
 * Keeps each address in a file of its own, readable by nobody else (0600, in a folder 0700), and replaced as a whole.
 * Several processes may share the folder.
 */
export const layerTokenFiles = (directory: string): Layer.Layer<never, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    TokenStore,
    Effect.map(makeTokenFiles(directory, withLogin), ({ exclusive, ...files }): TokenStore => {
      const locks = makeLocks()
      // The lock between processes is asked for once per process, and not by each that waits.
      return { ...files, exclusive: (key) => (effect) => locks(nameOf(key))(exclusive(key, effect)) }
    })
  )

const nameOf = ({ principal, url }: LoginKey): string => JSON.stringify([url, principal])

/** One semaphore a name, for the few names that a program has. */
const makeLocks = () => {
  const semaphores = new Map<string, Semaphore.Semaphore>()
  return (name: string) => {
    const semaphore = semaphores.get(name) ?? Semaphore.makeUnsafe(1)
    semaphores.set(name, semaphore)
    return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => semaphore.withPermit(effect)
  }
}
