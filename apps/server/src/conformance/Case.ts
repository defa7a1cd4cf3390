/**
 * One thing that a server of the model APIs is asked, and what its answer has to be: data, so that any server can be asked it.
 */

/** Which API a case belongs to, by the name of its main path. */
export type Api = "messages" | "chat" | "responses"

/** What the answer has to be. Its words are the model's own affair; its form is not. */
export type Expected =
  /** A whole answer, or a stream of server-sent events, that is one by the rules of its API. */
  | { readonly is: "answer" | "stream" }
  /** 400 in the envelope of the API, naming this field; empty for the body as a whole. */
  | { readonly is: "refused"; readonly field: string }
  | { readonly is: "not found" | "count" | "models" }

/** A case. `body` lacks the model, which whoever runs it names. */
export interface Case {
  readonly api: Api
  /** A sentence about the request. */
  readonly name: string
  readonly method: "GET" | "POST"
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** An object gets the name of the model; a text is sent as it is. */
  readonly body: Readonly<Record<string, unknown>> | string | undefined
  readonly expected: Expected
}

/** What came back. */
export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
}

/** Looks at an answer: `undefined` where it is right, else what is wrong with it. */
export type Check = (received: Received, model: string) => string | undefined

/** A picture of one pixel, a PNG in base64. */
export const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

/** The schema of the tools that cases bring. */
export const lookup = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
} as const

const headers: Readonly<Record<Api, Readonly<Record<string, string>>>> = {
  messages: { "anthropic-version": "2023-06-01" },
  chat: {},
  responses: {}
}

/** The cases of an API from its requests: each whole and streamed. */
export const answered = (
  api: Api,
  path: string,
  requests: Readonly<Record<string, Readonly<Record<string, unknown>>>>
): ReadonlyArray<Case> =>
  Object.entries(requests).flatMap(([name, body]) =>
    [false, true].map((stream): Case => ({
      api,
      name: `${name}, ${stream ? "streamed" : "whole"}`,
      method: "POST",
      path,
      headers: headers[api],
      body: { ...body, stream },
      expected: { is: stream ? "stream" : "answer" }
    }))
  )

/** Requests that an API refuses, by what is wrong with them. */
export const refused = (
  api: Api,
  path: string,
  requests: Readonly<Record<string, readonly [body: Case["body"], field: string]>>
): ReadonlyArray<Case> =>
  Object.entries(requests).map(([name, [body, field]]) => ({
    api,
    name: `refuses ${name}`,
    method: "POST",
    path,
    headers: headers[api],
    body,
    expected: { is: "refused", field }
  }))

/** One more case of an API. */
export const single = (api: Api, given: Omit<Case, "api" | "headers">): Case => ({
  ...given,
  api,
  headers: headers[api]
})
