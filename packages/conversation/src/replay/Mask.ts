/**
 * Takes secrets out of what is recorded: by the names of fields, by how keys look, and wherever one that is known occurs.
 * It is applied to what is recorded and to what is compared with it, so that both sides look the same.
 */
import { isSecretKey, redactText } from "@signalbox/errors"
import { Predicate, Result } from "effect"

const mask = "<redacted>"

/** Shorter ones would mask half of what is said. */
const leastCharacters = 6

/** Knows secrets, and hides them. */
export interface Mask {
  /** From now on the text is one, in each way in which it may be written down. */
  readonly add: (secret: string) => void
  readonly text: (text: string) => string
  /**
   * A copy of JSON. Texts under the name of a secret are hidden, but for references to variables (`env:NAME`); what stands below
   * such a name is looked at one by one.
   */
  readonly json: (value: unknown) => unknown
  /** Where secrets that are known stand in a text, in order and apart. */
  readonly spans: (text: string) => ReadonlyArray<readonly [from: number, to: number]>
  /** Stands where a secret stood. */
  readonly hidden: string
  /** Where the end of a text begins of which more may follow that makes it a secret. */
  readonly heldFrom: (text: string) => number
}

/** Where a secret is found, by itself or after a scheme such as Bearer: it is none, and what reads it needs it. */
const reference = /^(\w+ )?(env:[A-Za-z_]\w*|\$\{env:[A-Za-z_]\w*\})$/

const base64 = (text: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const jsonText = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The ways in which a secret may stand in a body: as it is, in JSON, in JSON within JSON, in a URL, in Base64. */
const spellings = (secret: string): ReadonlyArray<string> => {
  const encoded = base64(secret)
  return [
    secret,
    jsonText(secret),
    jsonText(jsonText(secret)),
    encodeURIComponent(secret),
    encoded,
    encoded.replace(/=+$/, ""),
    encoded.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
  ]
}

/** What a key may be made of: at the end of a piece of text it may go on in the next. */
const openEnd = /[\w.~+/=:@%-]+$/
const longestOpenEnd = 512

/** Makes a mask that knows these secrets. */
export const makeMask = (secrets: ReadonlyArray<string> = []): Mask => {
  let known: ReadonlyArray<string> = []
  const add = (secret: string) => {
    const text = secret.trim()
    if (text.length < leastCharacters || known.includes(text)) return
    known = [...new Set([...known, ...spellings(text)])].toSorted((a, b) => b.length - a.length)
  }
  for (const secret of secrets) add(secret)

  const hide = (text: string): string =>
    redactText(known.reduce((rest, secret) => (rest.includes(secret) ? rest.replaceAll(secret, mask) : rest), text))

  /** JSON within a text has fields with names, too. */
  const hideWithin = (text: string): string => {
    if (!/^\s*[[{]/.test(text)) return hide(text)
    const parsed = Result.try((): unknown => JSON.parse(text))
    if (Result.isFailure(parsed)) return hide(text)
    const hidden = visit(parsed.success, false)
    return JSON.stringify(hidden) === JSON.stringify(parsed.success) ? text : JSON.stringify(hidden)
  }

  const visit = (value: unknown, isSecret: boolean): unknown => {
    if (Predicate.isString(value)) return isSecret && value !== "" && !reference.test(value) ? mask : hideWithin(value)
    if (!Predicate.isObjectOrArray(value)) return value
    if (Array.isArray(value)) return value.map((item) => visit(item, isSecret))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [hide(key), visit(item, Predicate.isString(item) && isSecretKey(key))])
    )
  }

  const spans = (text: string): ReadonlyArray<readonly [number, number]> => {
    const found: Array<readonly [number, number]> = []
    // The longest first: a shorter one within it adds nothing.
    for (const secret of known) {
      for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length)) {
        const end = at + secret.length
        if (!found.some(([from, to]) => at < to && end > from)) found.push([at, end])
      }
    }
    return found.toSorted(([a], [b]) => a - b)
  }

  return {
    add,
    text: hide,
    spans,
    hidden: mask,
    json: (value) => visit(value, false),
    heldFrom: (text) => {
      const open = Math.min(openEnd.exec(text.slice(-longestOpenEnd))?.[0].length ?? 0, text.length)
      let from = text.length - open
      for (const secret of known) {
        for (let at = Math.max(0, text.length - secret.length + 1); at < from; at++) {
          if (secret.startsWith(text.slice(at))) from = at
        }
      }
      return from
    }
  }
}
