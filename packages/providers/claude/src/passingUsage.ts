/**
 * What bytes that are only handed on say by the way: what the answer has used, and whether it is whole. They are looked
 * at where they name such an event; all else passes unread, and no byte is kept longer than its line.
 */
import {
  isJsonObject,
  joinBytes,
  type ModelError,
  noUsage,
  ProviderInvalidResponse,
  StreamInterrupted,
  type Usage
} from "@signalbox/model"
import { excerpt, readJson } from "@signalbox/model/http"
import { type Asked, envelopeError, readEnvelope } from "./errors.ts"

/** Watches the bytes of one answer. */
export interface PassingUsage {
  readonly note: (bytes: Uint8Array) => void
  /** What was reported by now; `undefined` where nothing was. Call it when the last byte has passed. */
  readonly reported: () => { readonly model: string; readonly usage: Usage } | undefined
  /**
   * What the answer as it stands is instead of one: a stream without an end of its own, or a body that is no JSON or an
   * error. `undefined` where nothing speaks against it. Call it when the last byte has passed.
   */
  readonly fault: () => ModelError | undefined
}

const utf8 = new TextDecoder()

/** Longer lines of a stream (in characters), and longer answers that are none (in bytes), are not read. */
const limits = { line: 1_000_000, whole: 8_000_000 }

const isCount = (value: unknown): boolean => Number.isFinite(value)

/** What the fields of a usage must be: the schema of `Usage`, without what it costs to ask that. */
const fields: ReadonlyArray<readonly [string, (value: unknown) => boolean]> = [
  ["input_tokens", isCount],
  ["output_tokens", isCount],
  ["cache_creation_input_tokens", isCount],
  ["cache_read_input_tokens", isCount],
  ["output_tokens_details", isJsonObject]
]

const saysUsage = (said: Readonly<Record<string, unknown>>): boolean =>
  fields.every(([name, fits]) => said[name] === undefined || said[name] === null || fits(said[name]))

/** Keeps what was said last of each kind of token; `null` says nothing. */
const makeReported = () => {
  let model: string | undefined
  let usage: Usage = noUsage
  return {
    take: (said: unknown) => {
      if (!isJsonObject(said)) return
      const known = said["usage"]
      if (isJsonObject(known) && saysUsage(known)) {
        const next = Object.entries(known).filter(([, value]) => value !== null)
        usage = { ...usage, ...Object.fromEntries(next) }
      }
      model ??= typeof said["model"] === "string" ? said["model"] : ""
    },
    reported: () => (model === undefined ? undefined : { model, usage })
  }
}

/** Events that matter here; a piece of text may look like one until it is read. */
const marker = /message_|"error"/

const watchStream = ({ provider }: Asked): PassingUsage => {
  const { reported, take } = makeReported()
  const decoder = new TextDecoder()
  let line = ""
  let isWhole = false
  const read = (text: string) => {
    const event = readJson(text)
    if (!isJsonObject(event)) return
    if (event["type"] === "message_start") take(event["message"])
    else if (event["type"] === "message_delta") take(event)
    else if (event["type"] === "message_stop" || event["type"] === "error") isWhole = true
  }
  return {
    note: (bytes) => {
      const text = decoder.decode(bytes, { stream: true })
      const end = text.lastIndexOf("\n") + 1
      if (end > 0) {
        const lines = line + text.slice(0, end)
        if (marker.test(lines)) {
          for (const one of lines.split("\n")) if (one.startsWith("data:") && marker.test(one)) read(one.slice(5))
        }
        line = ""
      }
      line = line.length > limits.line ? line : line + text.slice(end)
    },
    reported,
    fault: () =>
      isWhole ? undefined : new StreamInterrupted({ provider, reason: "the stream ended before the answer did" })
  }
}

const watchWhole = (asked: Asked): PassingUsage => {
  const { reported, take } = makeReported()
  let pieces: Array<Uint8Array> = []
  let length = 0
  let text = ""
  let body: unknown
  // Both questions need it, and an answer may be large.
  const read = (): unknown => {
    if (pieces.length > 0) {
      text = utf8.decode(joinBytes(pieces))
      pieces = []
      body = readJson(text)
    }
    return body
  }
  return {
    note: (bytes) => {
      length += bytes.length
      if (length <= limits.whole) pieces.push(bytes)
      else pieces = []
    },
    reported: () => {
      take(read())
      return reported()
    },
    fault: () => {
      if (length > limits.whole) return undefined
      if (!isJsonObject(read())) return notJson(asked, text)
      const envelope = readEnvelope(read())
      return envelope === undefined ? undefined : envelopeError(asked, envelope)
    }
  }
}

const notJson = ({ provider }: Asked, text: string) =>
  new ProviderInvalidResponse({
    provider,
    hint: "Check the base URL.",
    reason: `expected a message in JSON, got: ${text === "" ? "nothing" : excerpt(text)}`
  })

/** Watches an answer of this content type to a request for a model. */
export const watchUsage = (contentType: string, asked: Asked): PassingUsage =>
  contentType.includes("text/event-stream") ? watchStream(asked) : watchWhole(asked)
