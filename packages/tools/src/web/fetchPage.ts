/**
 * Gets one page: each address on the way is judged before a connection is made to it, and reading stops at the limit.
 */
import { joinBytes } from "@signalbox/model"
import { Duration, Effect, Option, type Scope, Stream } from "effect"
import { FetchFailed, type UrlRefused } from "../errors.ts"
import type { UrlOptions } from "../ToolsOptions.ts"
import type { UrlPolicy } from "./UrlPolicy.ts"
import type { WebAccess, WebAnswer } from "./WebAccess.ts"

/** A page that was read. */
export interface Page {
  /** Where it was found in the end. */
  readonly url: URL
  readonly contentType: string
  readonly text: string
  /** The limit of size was reached. */
  readonly isCut: boolean
}

const isText = (contentType: string): boolean =>
  contentType === "" ||
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|x-ndjson|yaml|x-yaml|xhtml\+xml)\b)/.test(contentType)

const charsetOf = (contentType: string): string => /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? "utf-8"

/** An unknown encoding is read as the usual one. */
const decoderFor = (charset: string) =>
  Option.getOrElse(Option.liftThrowable(() => new TextDecoder(charset))(), () => new TextDecoder())

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

const failed = (url: string, reason: string) => new FetchFailed({ url, reason })

/** Reads a page within the limits. */
export const fetchPage = Effect.fnUntraced(function* (
  text: string,
  options: UrlOptions,
  policy: UrlPolicy,
  web: WebAccess["Service"]
): Effect.fn.Return<Page, FetchFailed | UrlRefused> {
  const headers = {
    accept: "text/html, text/*;q=0.9, application/json;q=0.9, */*;q=0.1",
    "accept-encoding": "identity",
    "user-agent": options.userAgent
  }

  const follow = Effect.fnUntraced(function* (
    given: string,
    from: URL | undefined,
    left: number
  ): Effect.fn.Return<{ readonly url: URL; readonly answer: WebAnswer }, FetchFailed | UrlRefused, Scope.Scope> {
    const checked = yield* policy.check(given, from)
    const answer = yield* Effect.mapError(web.get({ ...checked, headers }), ({ reason }) =>
      failed(checked.url.href, reason)
    )
    const location = answer.headers["location"]
    if (!isRedirect(answer.status) || location === undefined) return { url: checked.url, answer }
    if (left === 0) return yield* failed(text, `it was redirected more than ${options.maxRedirects} times`)
    return yield* follow(location, checked.url, left - 1)
  })

  const read = Effect.fnUntraced(function* (url: URL, { body, headers, status }: WebAnswer) {
    const contentType = (headers["content-type"] ?? "").trim().toLowerCase()
    if (status < 200 || status > 299) return yield* failed(url.href, `it answered with HTTP ${status}`)
    if (!isText(contentType)) return yield* failed(url.href, `it is no text but ${contentType}`)
    const encoding = headers["content-encoding"] ?? "identity"
    if (encoding !== "identity") return yield* failed(url.href, `it is packed as ${encoding}, which was not asked for`)
    const parts: Array<Uint8Array> = []
    let length = 0
    yield* body.pipe(
      Stream.takeUntil((part) => {
        parts.push(part)
        length += part.length
        return length > options.maxBytes
      }),
      Stream.runDrain,
      Effect.mapError(({ reason }) => failed(url.href, reason))
    )
    const bytes = joinBytes(parts).subarray(0, options.maxBytes)
    const page: Page = {
      url,
      contentType,
      text: decoderFor(charsetOf(contentType)).decode(bytes),
      isCut: length > options.maxBytes
    }
    return page
  })

  const limit = Duration.fromInputUnsafe(options.timeout)
  return yield* Effect.scoped(
    Effect.flatMap(follow(text, undefined, options.maxRedirects), ({ answer, url }) => read(url, answer))
  ).pipe(
    Effect.timeoutOrElse({
      duration: limit,
      orElse: () => Effect.fail(failed(text, `it did not answer within ${Duration.format(limit)}`))
    })
  )
})
