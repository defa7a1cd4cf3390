/**
 * What stands around every request to the API: where it goes, who asks, and by which version of the API.
 */
import type { ModelRequest } from "@signalbox/model"
import { Redacted } from "effect"
import { Headers } from "effect/http"
import { vendor } from "./blocks.ts"
import type { ClaudeOptions } from "./ClaudeOptions.ts"

const betaHeader = "anthropic-beta"
const versionHeader = "anthropic-version"

/** The address of a route, such as `/v1/messages`. */
export const urlOf = (options: ClaudeOptions, route: string): string => `${options.baseUrl.replace(/\/+$/, "")}${route}`

/** How the owner of the key proves who he is. */
export const authHeaders = ({
  apiKey,
  auth
}: Pick<ClaudeOptions, "apiKey" | "auth">): Readonly<Record<string, string>> => {
  // A key read from a file brings the end of its line.
  const key = Redacted.value(apiKey).trim()
  return auth === "bearer" ? { authorization: `Bearer ${key}` } : { "x-api-key": key }
}

/** Betas of several lists, each once. */
const joinBetas = (...lists: ReadonlyArray<string | undefined>): Readonly<Record<string, string>> => {
  const all = lists.flatMap((list) => list?.split(",") ?? []).map((beta) => beta.trim())
  const on = new Set(all.filter((beta) => beta !== ""))
  return on.size === 0 ? {} : { [betaHeader]: [...on].join(",") }
}

/** The headers of the options and of whoever asks; betas of both are on, and the asker's version counts. */
export const joinHeaders = (
  options: ClaudeOptions,
  own: Readonly<Record<string, string>>
): Readonly<Record<string, string>> => {
  const given = Headers.fromInput(options.headers)
  return {
    ...given,
    [versionHeader]: options.apiVersion,
    ...own,
    ...joinBetas(given[betaHeader], own[betaHeader])
  }
}

/** The headers that a request of the vocabulary brings for this API. */
export const ownHeaders = (request: ModelRequest): Readonly<Record<string, string>> =>
  Headers.fromInput(request.vendorHeaders?.[vendor])

/** The version of the API by which a request is understood. */
export const versionOf = (options: ClaudeOptions, request: ModelRequest): string =>
  ownHeaders(request)[versionHeader] ?? options.apiVersion
