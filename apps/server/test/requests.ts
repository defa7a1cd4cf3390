/** Requests of each API that is served, as small as they can be. */
type Started = { readonly url: string }
type Headers = Readonly<Record<string, string>>

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: globalThis.Headers
  // Each test knows the shape of what it asked for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** The paths of the APIs, each with a request for a model. */
export const apis = [
  {
    name: "Messages",
    path: "/v1/messages",
    ask: (model: string, text = "Hi") => ({ model, max_tokens: 100, messages: [{ role: "user", content: text }] })
  },
  {
    name: "Chat Completions",
    path: "/v1/chat/completions",
    ask: (model: string, text = "Hi") => ({ model, messages: [{ role: "user", content: text }] })
  },
  { name: "Responses", path: "/v1/responses", ask: (model: string, text = "Hi") => ({ model, input: text }) }
] as const

const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  const isJson = response.headers.get("content-type")?.includes("json") ?? false
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}

/** Asks with a body. */
export const post = async ({ url }: Started, path: string, body: unknown, headers: Headers = {}): Promise<Answer> =>
  answerOf(
    await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
  )

/** Asks without one. */
export const get = async ({ url }: Started, path: string, headers: Headers = {}): Promise<Answer> =>
  answerOf(await fetch(`${url}${path}`, { headers }))

/** How a client of the Messages API says so. */
export const messagesVersion = { "anthropic-version": "2023-06-01" } as const
