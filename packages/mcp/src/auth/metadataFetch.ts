/**
 * A `fetch` for authorization servers and metadata. Their addresses come from the server, so one that it may not choose is
 * not asked: it must not reach, through us, what only this machine can see.
 */
import { Duration } from "effect"
import { readText } from "../http/answers.ts"
import type { Fetch } from "../http/guardedFetch.ts"

const longestAnswerBytes = 1024 * 1024
const longestRequest = Duration.seconds(30)

const isOfThisMachine = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "127.0.0.1" || hostname === "[::1]"

/**
 * Whether an address that a server gives may be used: those of OAuth are served over TLS (OAuth 2.1, 1.5), but for what the
 * server has itself, or what runs on this machine together with it.
 */
export const mayName = (server: URL, url: URL): boolean =>
  url.protocol === "https:" ||
  url.origin === server.origin ||
  (url.protocol === "http:" && isOfThisMachine(url) && isOfThisMachine(server))

/** Each request is limited in time, each answer in size, and addresses to those that the server may name. */
export const metadataFetch =
  (fetch: Fetch, server: URL): Fetch =>
  (url, init) => {
    if (!mayName(server, new URL(url))) {
      const reason = `${new URL(url).origin} is not served over TLS`
      return Promise.reject(new Error(reason))
    }
    const limit = AbortSignal.timeout(Duration.toMillis(longestRequest))
    const signal = init?.signal == null ? limit : AbortSignal.any([init.signal, limit])
    return fetch(url, { ...init, signal }).then((response) =>
      readText(response, longestAnswerBytes).then(
        (text) => new Response(text === "" ? null : text, { status: response.status, headers: response.headers })
      )
    )
  }
