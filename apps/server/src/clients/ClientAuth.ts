/**
 * Lets clients in by their keys, as `x-api-key` or `Authorization: Bearer`; where both are there the first counts, as at
 * Anthropic. Keys are compared by their hashes in constant time, so that no answer says how near a guess was. They may
 * change while the server runs; a request that was let in goes on.
 */
import { Effect, Redacted } from "effect"
import { createHash, timingSafeEqual } from "node:crypto"
import { KeyMissing, KeyRefused } from "./errors.ts"
import type { AllowedTools, Client } from "./Client.ts"

/** A key that is let in. What it leaves out is that of the server. */
export interface ClientKey {
  readonly name: string
  readonly key: Redacted.Redacted
  readonly tools?: AllowedTools
  readonly models?: ReadonlyArray<string>
  readonly mcpUrls?: boolean
}

/** Whom to let in: anybody, who has a key of these, or who brings a key for the provider. */
export interface ClientAuthOptions {
  readonly mode: "none" | "keys" | "forward"
  /** As they are now; the same list as long as nothing changes. */
  readonly keys: Effect.Effect<ReadonlyArray<ClientKey>>
  /** What clients may use whose key says nothing else. */
  readonly tools: AllowedTools
  /** Whether clients may bring MCP servers by URL whose key says nothing else. */
  readonly mcpUrls: boolean
}

type RequestHeaders = Readonly<Record<string, string | undefined>>

const hash = (text: string): Buffer => createHash("sha256").update(text).digest()

const given = (headers: RequestHeaders): string | undefined => {
  const own = headers["x-api-key"]?.trim() ?? ""
  if (own !== "") return own
  const bearer = /^bearer\s+(\S.*)$/i.exec(headers["authorization"]?.trim() ?? "")?.[1]
  return bearer === undefined || bearer === "" ? undefined : bearer
}

/** Says of each request who asks it, or refuses it. */
export const makeClientAuth = (options: ClientAuthOptions) => {
  let list: ReadonlyArray<ClientKey> = []
  let known: ReadonlyArray<{ readonly entry: ClientKey; readonly digest: Buffer }> = []
  const knownNow = Effect.map(options.keys, (keys) => {
    if (keys !== list) {
      list = keys
      known = keys.map((entry) => ({ entry, digest: hash(Redacted.value(entry.key).trim()) }))
    }
    return known
  })
  const anybody: Client = {
    name: "local",
    tools: options.tools,
    models: undefined,
    mcpUrls: { isAllowed: options.mcpUrls, setting: "server.mcpUrls.allowed" },
    apiKey: undefined
  }

  return (headers: RequestHeaders): Effect.Effect<Client, KeyMissing | KeyRefused> => {
    if (options.mode === "none") return Effect.succeed(anybody)
    const key = given(headers)
    if (key === undefined) return Effect.fail(new KeyMissing({}))
    const digest = hash(key)
    if (options.mode === "forward") {
      // Its hash keeps callers apart without keeping their keys.
      const name = `key-${digest.toString("hex").slice(0, 12)}`
      return Effect.succeed({ ...anybody, name, apiKey: Redacted.make(key) })
    }
    return Effect.flatMap(knownNow, (candidates) => {
      // All are compared, whichever fits.
      const fits = candidates.map((candidate) => timingSafeEqual(candidate.digest, digest))
      const found = candidates[fits.indexOf(true)]
      if (found === undefined) return Effect.fail(new KeyRefused({}))
      const { mcpUrls = options.mcpUrls, models, name, tools = options.tools } = found.entry
      const setting = `mcpUrls of "${name}" under server.auth.keys`
      return Effect.succeed({ name, tools, models, mcpUrls: { isAllowed: mcpUrls, setting }, apiKey: undefined })
    })
  }
}

export type ClientAuth = ReturnType<typeof makeClientAuth>
