/**
 * `fetch` for MCP over HTTP with what the SDK leaves out: limits on size, no redirect to a foreign origin,
 * an error at once for answers that will never contain one. It also keeps what the SDK's errors do
 * not carry: `Retry-After` and `WWW-Authenticate`.
 */
import { type Denied, readDenial } from "../auth/denial.ts"
import { exceeds, WireFault } from "../wire.ts"
import { type AnswerSink, readEvents, readJson } from "./answers.ts"

/** Marks the request of an exchange on its way through the SDK; it never leaves the process. */
export const exchangeHeader = "x-signalbox-exchange"

/** What is learned about one exchange while it runs, and where its answer goes. */
export interface Exchange extends AnswerSink {
  httpStatus?: number
  retryAfterSeconds?: number
  challenge?: string
  /** Why better credentials could not be had. */
  denied?: Denied
  /** Whether the whole answer is one JSON body, so that nothing follows it. */
  isJson?: boolean
  /** Runs when the server has answered, if only with headers: it has the request. */
  onArrival?: () => void
}

/** What is guarded against. */
export interface FetchGuards {
  readonly maxMessageBytes: number
  readonly maxRequestBytes: number
  readonly exchangeOf: (id: string) => Exchange | undefined
  /** Takes what comes on the stream that belongs to no exchange. */
  readonly unasked: AnswerSink
}

/** What of `fetch` is used. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

const maxErrorBodyBytes = 64 * 1024

/** Wraps a `fetch` for the SDK, which follows redirects within the origin by itself. */
export const guardedFetch =
  (fetch: Fetch, guards: FetchGuards): Fetch =>
  (url, init) => {
    const headers = new Headers(init?.headers)
    const exchange = guards.exchangeOf(headers.get(exchangeHeader) ?? "")
    headers.delete(exchangeHeader)
    return limitedFetch(fetch, guards)(url, { ...init, headers }).then((response) =>
      guardResponse(response, exchange, guards)
    )
  }

/** Wraps a `fetch` that is used without the SDK: redirects are followed within the origin. */
export const originFetch =
  (fetch: Fetch, limits: Pick<FetchGuards, "maxRequestBytes">): Fetch =>
  (url, init) => {
    const limited = limitedFetch(fetch, limits)
    const follow = (from: string | URL, left: number): Promise<Response> =>
      limited(from, { ...init, redirect: "manual" }).then((response) => {
        const next = nextLocation(from, response)
        if (next === undefined || left === 0) return response
        return (response.body?.cancel() ?? Promise.resolve()).then(() => follow(next, left - 1))
      })
    return follow(url, maxRedirects)
  }

const maxRedirects = 5

/** Where a redirect leads that asks for the same request again (RFC 9110, 15.4). */
const nextLocation = (url: string | URL, response: Response): URL | undefined => {
  const location = response.headers.get("location")
  if (![301, 302, 307, 308].includes(response.status) || location === null) return undefined
  return URL.canParse(location, String(url)) ? new URL(location, url) : undefined
}

/** Refuses requests that are too large and redirects to another origin, and shortens the bodies of errors. */
const limitedFetch =
  (fetch: Fetch, limits: Pick<FetchGuards, "maxRequestBytes">): Fetch =>
  (url, init) => {
    const body = init?.body
    if (typeof body === "string" && exceeds(body, limits.maxRequestBytes)) {
      return Promise.reject(new WireFault({ _tag: "RequestTooLarge" }))
    }
    return fetch(url, init).then((response) => {
      const location = foreignLocation(url, response)
      if (location !== undefined) return refuse(response, new WireFault({ _tag: "Redirected", location }))
      return response.ok ? response : withBody(response, truncated(maxErrorBodyBytes))
    })
  }

const guardResponse = (
  response: Response,
  exchange: Exchange | undefined,
  guards: FetchGuards
): Response | Promise<Response> => {
  if (exchange !== undefined) {
    learnHeaders(exchange, response)
    if (response.status === 202) {
      return refuse(response, new WireFault({ _tag: "NoAnswer", reason: "HTTP 202 instead of an answer" }))
    }
  }
  if (!response.ok) return response
  if (isOfType(response.headers, "text/event-stream"))
    return readEvents(response, exchange ?? guards.unasked, guards.maxMessageBytes)
  return exchange?.isJson === true ? readJson(response, exchange, guards.maxMessageBytes) : response
}

/** Keeps what an answer says beside its body. */
export const learnHeaders = (exchange: Exchange, { headers, status }: Response): void => {
  exchange.httpStatus = status
  const retryAfter = retryAfterOf(headers)
  if (retryAfter !== undefined) exchange.retryAfterSeconds = retryAfter
  const challenge = headers.get("www-authenticate")
  if (challenge !== null) exchange.challenge = challenge
  const denied = readDenial(headers)
  if (denied !== undefined) exchange.denied = denied
  exchange.isJson = isOfType(headers, "application/json")
  exchange.onArrival?.()
}

const isOfType = (headers: Headers, type: string): boolean =>
  (headers.get("content-type") ?? "").toLowerCase().startsWith(type)

/** `Retry-After` (RFC 9110, 10.2.3) in seconds. A date counts from the `Date` of the same answer, so that clocks need not agree. */
const retryAfterOf = (headers: Headers): number | undefined => {
  const value = headers.get("retry-after")?.trim() ?? ""
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const seconds = (Date.parse(value) - Date.parse(headers.get("date") ?? "")) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

const refuse = (response: Response, fault: WireFault): Promise<Response> =>
  (response.body?.cancel() ?? Promise.resolve()).then(
    () => Promise.reject(fault),
    () => Promise.reject(fault)
  )

/** The target of a redirect that leaves the origin of the request. */
const foreignLocation = (url: string | URL, response: Response): string | undefined => {
  if (response.status < 300 || response.status > 399) return undefined
  const location = response.headers.get("location")
  if (location === null || !URL.canParse(location, String(url))) return undefined
  const target = new URL(location, url)
  if (target.origin === new URL(url).origin) return undefined
  return `${target.origin}${target.pathname}`
}

const withBody = (response: Response, guard: TransformStream<Uint8Array, Uint8Array>): Response =>
  response.body === null
    ? response
    : new Response(response.body.pipeThrough(guard), {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers
      })

/** Keeps the beginning. */
const truncated = (limitBytes: number) => {
  let kept = 0
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk.subarray(0, limitBytes - kept))
      kept = Math.min(kept + chunk.length, limitBytes)
      if (kept === limitBytes) controller.terminate()
    }
  })
}
