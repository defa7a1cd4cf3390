/**
 * Why a refusal stands, and how that travels with the refused answer: as a header of ours, because everything between
 * `fetch` and the error makes new answers out of old ones.
 */

/** Why better credentials could not be had. */
export type Denial = "NoLogin" | "LoginRefused" | "RenewalFailed" | "ScopeMissing" | "ClientRefused"

/** The reason, with what is known beyond it; no secret. */
export interface Denied {
  readonly denial: Denial
  readonly detail: string
}

const header = "x-signalbox-denial"

const denials: ReadonlySet<string> = new Set<Denial>([
  "NoLogin",
  "LoginRefused",
  "RenewalFailed",
  "ScopeMissing",
  "ClientRefused"
])

/** The answer with the reason on it. */
export const markDenied = (response: Response, { denial, detail }: Denied): Response => {
  const headers = new Headers(response.headers)
  headers.set(header, `${denial};${encodeURIComponent(detail)}`)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

/** The reason on an answer. */
export const readDenial = (headers: Headers): Denied | undefined => {
  const [denial = "", detail = ""] = (headers.get(header) ?? "").split(";")
  // The set holds nothing else.
  return denials.has(denial) ? { denial: denial as Denial, detail: decodeURIComponent(detail) } : undefined
}
