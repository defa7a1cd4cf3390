/**
 * What a server writes to standard error ends in logs and in messages of errors. The secrets that it was given are
 * masked on the way, also where one arrives in two pieces; everything else passes as it comes.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { Redacted, Stream } from "effect"

const mask = "<redacted>"

/** Shorter ones, such as a port or `true`, would mask half of what a server says. */
const leastCharacters = 8

/** The secrets in the environment of a server, the longest first: one may begin with another. */
export const secretsOf = ({ endpoint }: ServerOptions): ReadonlyArray<string> =>
  endpoint.transport === "stdio"
    ? Object.values(endpoint.env)
        .flatMap((value) => (Redacted.isRedacted(value) ? [Redacted.value(value)] : []))
        .filter((secret) => secret.length >= leastCharacters)
        .toSorted((a, b) => b.length - a.length)
    : []

/** Where the end of a text begins that may turn out to be a secret. */
const heldFrom = (text: string, secrets: ReadonlyArray<string>): number => {
  const longest = Math.max(...secrets.map((secret) => secret.length))
  for (let from = Math.max(0, text.length - longest + 1); from < text.length; from++) {
    const end = text.slice(from)
    if (secrets.some((secret) => secret.startsWith(end))) return from
  }
  return text.length
}

/** The same bytes without these secrets. */
export const hideSecrets = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  secrets: ReadonlyArray<string>
): Stream.Stream<Uint8Array, E> => {
  if (secrets.length === 0) return bytes
  const hide = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, mask), text)
  const encoder = new TextEncoder()
  const piece = (text: string) => (text === "" ? [] : [encoder.encode(text)])
  return Stream.suspend(() => {
    const decoder = new TextDecoder()
    return Stream.mapAccum(
      bytes,
      () => "",
      (held, chunk) => {
        const text = hide(held + decoder.decode(chunk, { stream: true }))
        const from = heldFrom(text, secrets)
        return [text.slice(from), piece(text.slice(0, from))] as const
      },
      { onHalt: piece }
    )
  })
}
