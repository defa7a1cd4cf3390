/**
 * The official clients, and beside what they make of an answer, what has come over the wire.
 */
import Anthropic, { APIError as AnthropicError } from "@anthropic-ai/sdk"
import OpenAI, { APIError as OpenAiError } from "openai"
import type { Api, Form } from "./cases.ts"

/** An answer as it came. It is filled while it comes. */
export interface Recording {
  status: number
  headers: Headers
  body: string
  /** The connection was lost before the end. */
  isCut: boolean
}

/** How a client asks, which a test replaces to see the proof fail. */
export type Fetch = typeof globalThis.fetch

/** What a client is told. */
export interface Asking {
  readonly url: string
  readonly model: string
  readonly text: string
  readonly form: Form
  readonly fetch: Fetch
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal
  /** Called with all of the text so far, after each piece. */
  readonly onText: (text: string) => void
  /** What is waited for after the first piece of the answer; meanwhile nothing is read. */
  readonly pause: (() => Promise<void>) | undefined
}

/** What a client has made of it. */
export interface Told {
  readonly text: string
  /** What it raised. */
  readonly error: unknown
  readonly isOwnError: boolean
  readonly recording: Recording | undefined
}

/**
 * Asks and keeps what comes. The client's own signal is left out: it leaves an answer at the first error, and what follows
 * that is of interest here.
 */
const recorder = ({ fetch, pause, signal }: Asking) => {
  let recording: Recording | undefined
  let finished = Promise.resolve()
  const record = async (response: Response): Promise<Response> => {
    const kept: Recording = { status: response.status, headers: response.headers, body: "", isCut: false }
    recording = kept
    const reader = (response.body ?? new Blob([]).stream()).getReader()
    const decoder = new TextDecoder()
    const { promise, resolve: end } = Promise.withResolvers<void>()
    finished = promise
    const next = async (): Promise<Uint8Array | undefined> => {
      const { done, value } = await reader.read().catch((error: unknown) => {
        kept.isCut = true
        end()
        throw error
      })
      if (done) end()
      else kept.body += decoder.decode(value, { stream: true })
      return value
    }
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const isFirst = kept.body === ""
        const piece = await next()
        if (isFirst) await pause?.()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
      cancel: async () => {
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        while ((await next().catch(() => undefined)) !== undefined);
      }
    })
    return new Response(body, { status: response.status, headers: response.headers })
  }
  return {
    fetch: (async (input, init) => record(await fetch(input, { ...init, signal }))) satisfies Fetch,
    /** Once all has come that comes. */
    recorded: async (): Promise<Recording | undefined> => {
      await finished
      return recording
    }
  }
}

type Ask = (asking: Asking, fetch: Fetch, take: (text: string) => void) => Promise<void>

const askMessages: Ask = async ({ form, model, text, url }, fetch, take) => {
  const { messages } = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0, logLevel: "off", fetch })
  const request = { model, max_tokens: 100, messages: [{ role: "user" as const, content: text }] }
  if (form === "whole") {
    const { content } = await messages.create(request)
    return take(content.map((block) => (block.type === "text" ? block.text : "")).join(""))
  }
  for await (const event of await messages.create({ ...request, stream: true })) {
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") take(event.delta.text)
  }
}

const openAi = (url: string, fetch: Fetch) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0, logLevel: "off", fetch })

const askChat: Ask = async ({ form, model, text, url }, fetch, take) => {
  const { completions } = openAi(url, fetch).chat
  const request = { model, messages: [{ role: "user" as const, content: text }] }
  if (form === "whole") return take((await completions.create(request)).choices[0]?.message.content ?? "")
  for await (const { choices } of await completions.create({ ...request, stream: true })) {
    const piece = choices[0]?.delta.content ?? ""
    if (piece !== "") take(piece)
  }
}

const askResponses: Ask = async ({ form, model, text, url }, fetch, take) => {
  const { responses } = openAi(url, fetch)
  if (form === "whole") return take((await responses.create({ model, input: text })).output_text)
  for await (const event of await responses.create({ model, input: text, stream: true })) {
    if (event.type === "response.output_text.delta") take(event.delta)
  }
}

const asks: Readonly<Record<Api, Ask>> = { messages: askMessages, chat: askChat, responses: askResponses }

/** Asks one of our APIs with the client of its vendor. */
export const ask = async (api: Api, asking: Asking): Promise<Told> => {
  const { fetch, recorded } = recorder(asking)
  let text = ""
  const take = (piece: string) => {
    text += piece
    asking.onText(text)
  }
  const error: unknown = await asks[api](asking, fetch, take).then(
    () => undefined,
    (failure: unknown) => failure
  )
  const isOwnError = error instanceof (api === "messages" ? AnthropicError : OpenAiError)
  return { text, error, isOwnError, recording: await recorded() }
}
