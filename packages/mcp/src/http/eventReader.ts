/**
 * Reads an event stream (WHATWG HTML, 9.2 "Server-sent events") from bytes, within a limit on each event.
 * An event over the limit is dropped and reported; the stream goes on.
 */
import { type LineReader, makeLineReader } from "../lines.ts"

/** One event. Comments, which servers send to keep a stream alive, are none. */
export interface StreamEvent {
  /** `message` where the stream does not say. */
  readonly name: string
  readonly data: string
  readonly id: string | undefined
}

/** What a reader of events reports. */
export interface EventHandlers {
  readonly onEvent: (event: StreamEvent) => void
  /** How long to wait before the stream is opened again, as the server wants it. */
  readonly onRetry: (milliseconds: number) => void
  /** An event over the limit was dropped; its ends may tell which request it answered. */
  readonly onOversize: (head: string, tail: string) => void
}

/** Makes the reader of one stream. */
export const makeEventReader = (limitBytes: number, handlers: EventHandlers): LineReader => {
  let name = ""
  let id: string | undefined
  let data: Array<string> = []
  let size = 0

  const dispatch = () => {
    const hasData = data.length > 0
    if (size > limitBytes) handlers.onOversize(data[0] ?? "", data.at(-1) ?? "")
    else if (hasData || id !== undefined)
      handlers.onEvent({ name: name === "" ? "message" : name, data: data.join("\n"), id })
    name = ""
    id = undefined
    data = []
    size = 0
  }
  const field = (key: string, value: string) => {
    switch (key) {
      case "data":
        size += value.length
        // Of an event that is too large already, only the ends are of use.
        if (size > limitBytes) data = [data[0] ?? value, value]
        else data.push(value)
        return
      case "event":
        name = value
        return
      case "id":
        if (!value.includes("\0")) id = value
        return
      case "retry":
        if (/^\d{1,9}$/.test(value)) handlers.onRetry(Number(value))
    }
  }
  const line = (text: string) => {
    if (text === "") return dispatch()
    const colon = text.indexOf(":")
    if (colon === 0) return
    if (colon === -1) return field(text, "")
    field(text.slice(0, colon), text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1))
  }
  return makeLineReader(limitBytes, {
    onLine: (text) => line(text.endsWith("\r") ? text.slice(0, -1) : text),
    onOversize: (head, tail) => {
      handlers.onOversize(head, tail)
      data = []
      size = 0
    }
  })
}
