/**
 * Reads what servers answer over HTTP in place of the SDK, which drops a message of odd shape without a word,
 * and then waits for a better one. Messages go to the sink as they came; the SDK is shown only that
 * something came, because it keeps sessions and resumes streams.
 */
import { Result } from "effect"
import { WireFault } from "../wire.ts"
import { makeEventReader, type StreamEvent } from "./eventReader.ts"

/** Where messages go. */
export interface AnswerSink {
  /** Takes one JSON value: a message, or a batch of them. */
  readonly deliver: (value: unknown) => void
  /** A message could not be read. */
  readonly onFault: (fault: WireFault) => void
}

/** The method and the id of the messages that stand for others. */
export const stubName = "signalbox/delivered"

const stub = (value: unknown): string => {
  const isAnswer = typeof value === "object" && value !== null && !("method" in value)
  const content = isAnswer ? { id: stubName, result: {} } : { method: stubName }
  return JSON.stringify({ jsonrpc: "2.0", ...content })
}

/** An answer that is one JSON body, of at most `limitBytes`. */
export const readJson = (response: Response, sink: AnswerSink, limitBytes: number): Response => {
  const whole = isWithin(response, limitBytes) ? () => response.text() : () => readText(response, limitBytes)
  const json = () =>
    whole().then((text) => {
      sink.deliver(JSON.parse(text))
      return []
    })
  return Object.defineProperty(response, "json", { value: json })
}

/** Whether the length is known beforehand and can be trusted. */
const isWithin = ({ headers }: Response, limitBytes: number): boolean =>
  Number(headers.get("content-length") ?? Number.NaN) <= limitBytes && !headers.has("content-encoding")

/** A whole body of at most `limitBytes`. Counts while it reads; a stream in between would cost several times as much. */
export const readText = ({ body }: Response, limitBytes: number): Promise<string> => {
  if (body === null) return Promise.resolve("")
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let size = 0
  let text = ""
  const next = (): Promise<string> =>
    reader.read().then(({ done, value }) => {
      if (done) return text + decoder.decode()
      size += value.length
      if (size > limitBytes) {
        void reader.cancel()
        return Promise.reject(new WireFault({ _tag: "ResponseTooLarge" }))
      }
      text += decoder.decode(value, { stream: true })
      return next()
    })
  return next()
}

/** An answer that is a stream of events, each of at most `limitBytes`. */
export const readEvents = (response: Response, sink: AnswerSink, limitBytes: number): Response => {
  const { body, headers, status, statusText } = response
  if (body === null) return response
  const encoder = new TextEncoder()
  let shown = ""
  const onEvent = ({ data, id, name }: StreamEvent) => {
    if (id !== undefined) shown += `id: ${id}\n`
    const value = name === "message" && data !== "" ? parse(data) : undefined
    if (value === undefined) {
      shown += id === undefined ? "" : "data: \n\n"
    } else {
      shown += `data: ${stub(value)}\n\n`
      sink.deliver(value)
    }
  }
  const reader = makeEventReader(limitBytes, {
    onEvent,
    onRetry: (milliseconds) => {
      shown += `retry: ${milliseconds}\n`
    },
    onOversize: () => sink.onFault(new WireFault({ _tag: "ResponseTooLarge" }))
  })
  // Pulled by hand: a stream to transform it in between costs every call several times as much.
  const source = body.getReader()
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> =>
    source.read().then(({ done, value }) => {
      if (done) return controller.close()
      reader.push(value)
      if (shown === "") return pull(controller)
      controller.enqueue(encoder.encode(shown))
      shown = ""
    })
  const stubs = new ReadableStream<Uint8Array>({ pull, cancel: (reason) => source.cancel(reason) })
  return new Response(stubs, { headers, status, statusText })
}

const parse = (data: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(data)))
