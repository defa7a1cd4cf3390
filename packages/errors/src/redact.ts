/**
 * The last net under secrets: what leaves Signalbox as text or JSON passes through here.
 * Secrets belong into `Redacted`; this catches those that arrived as plain text inside something else.
 */
import { Predicate, Redacted } from "effect"

const mask = "<redacted>"

/** Numbers named like a secret (`output_tokens`, `maxTokens`) are plural and stay; only whole words count. */
const secretKeys: ReadonlyArray<RegExp> = [
  /^((proxy-)?authorization|(set-)?cookie|passwd|credentials?)$/i,
  // The last word of a name, also in one piece: `clientSecret`, `PGPASSWORD`.
  /(^|[-_.]|[a-z])(api[-_]?key|(access|secret|private|signing|encryption)[-_]?key|token|secret|password|passphrase)$/i,
  /(^|[-_.])(pass|pwd|pat)$/i
]

const secretPatterns: ReadonlyArray<RegExp> = [
  /(?<![a-z]-)\b[a-z]?sk-[A-Za-z0-9_-]{8,}/g,
  /\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{16,}/g,
  /\b(?:glpat|xai|tvly)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:hf|gsk|npm|ntn|[rs]k_live|[rs]k_test)_[A-Za-z0-9]{16,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bAIza[0-9A-Za-z_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/g
]
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/-]{8,}=*/gi
const urlPassword = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi
const urlParameter = /([?&](?:[\w.-]*(?:api[-_]?key|token|secret|password)|key|sig|signature)=)[^&#\s]+/gi

/** Whether a field of this name holds a secret. */
export const isSecretKey = (name: string): boolean => secretKeys.some((pattern) => pattern.test(name))

/** Masks what looks like a credential inside a text: keys, bearer tokens, passwords in URLs. */
export const redactText = (text: string): string => {
  let result = text.replace(bearer, `$1 ${mask}`).replace(urlPassword, `$1:${mask}@`).replace(urlParameter, `$1${mask}`)
  for (const pattern of secretPatterns) result = result.replace(pattern, mask)
  return result
}

const visit = (value: unknown, seen: ReadonlyArray<object>): unknown => {
  if (typeof value === "string") return redactText(value)
  if (Redacted.isRedacted(value)) return mask
  if (!Predicate.isObjectOrArray(value)) return value
  if (seen.includes(value)) return "<circular>"
  const path = [...seen, value]
  if (Array.isArray(value)) return value.map((item) => visit(item, path))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSecretKey(key) && item !== undefined && item !== null ? mask : visit(item, path)
    ])
  )
}

/**
 * A copy of a JSON-like value in which fields named like secrets and texts that look like them are
 * masked. Values of classes of their own (dates, streams) are left as they are.
 */
export const redact = (value: unknown): unknown => visit(value, [])
