/**
 * What stands around every request: where it goes, and who asks.
 */
import { Redacted } from "effect"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** How the owner of the key proves who he is. A key read from a file brings the end of its line. */
export const authHeaders = ({
  apiKey,
  keyHeader
}: Pick<OpenAiOptions, "apiKey" | "keyHeader">): Readonly<Record<string, string>> => {
  if (apiKey === undefined) return {}
  const key = Redacted.value(apiKey).trim()
  return keyHeader === "api-key" ? { "api-key": key } : { authorization: `Bearer ${key}` }
}

/** The address of a route, such as `/chat/completions`; `{model}` in it becomes the model's name. */
export const urlOf = (
  { baseUrl, query = {} }: Pick<OpenAiOptions, "baseUrl" | "query">,
  path: string,
  model: string
): string => {
  const search = new URLSearchParams(query).toString()
  const place = `${baseUrl.replace(/\/+$/, "")}${path.replace("{model}", encodeURIComponent(model))}`
  return search === "" ? place : `${place}?${search}`
}
