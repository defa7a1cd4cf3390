/**
 * Reads the header `WWW-Authenticate` (RFC 9110, 11.6.1; RFC 6750, 3; RFC 9728, 5.1). Other schemes may stand before
 * `Bearer` in it.
 */

/** What a server says about the credentials that it wants. */
export interface Challenge {
  /** Where the metadata of the resource is. */
  readonly resourceMetadata: URL | undefined
  readonly scope: string | undefined
  /** `invalid_token`, `insufficient_scope` or the like. */
  readonly error: string | undefined
}

const parameter = /([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g

/** The challenge for bearer tokens; all unknown where there is none. */
export const readChallenge = (header: string | null | undefined): Challenge => {
  const found = parametersOf(header ?? "")
  const metadata = found.get("resource_metadata") ?? ""
  return {
    resourceMetadata: URL.canParse(metadata) ? new URL(metadata) : undefined,
    scope: found.get("scope"),
    error: found.get("error")
  }
}

const parametersOf = (header: string): ReadonlyMap<string, string> => {
  const start = /(?:^|[\s,])Bearer(?:\s|$)/i.exec(header)
  const text = start === null ? "" : header.slice(start.index + start[0].length)
  const found = new Map<string, string>()
  for (const [, name = "", quoted, plain = ""] of text.matchAll(parameter)) {
    const key = name.toLowerCase()
    // The first one counts: what follows may belong to the challenge of another scheme.
    if (!found.has(key)) found.set(key, quoted?.replaceAll(/\\(.)/g, "$1") ?? plain)
  }
  return found
}

/** Whether an answer says that the token does not allow enough (RFC 6750, 3.1). */
export const wantsMoreScope = (status: number, header: string | null | undefined): boolean =>
  status === 403 && readChallenge(header).error === "insufficient_scope"
