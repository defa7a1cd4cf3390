/** A short text in the place of a long one. */
import { Effect } from "effect"
import { Digest } from "effect/crypto"

/** The SHA-256 of a text, as 64 hexadecimal digits. */
export const digestText = (text: string): Effect.Effect<string> =>
  Digest.Digest.pipe(
    Effect.flatMap((digest) => digest.digestHex(Digest.sha256, new TextEncoder().encode(text))),
    Effect.orDie,
    Effect.provide(Digest.layerWebCrypto)
  )
