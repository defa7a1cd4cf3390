/**
 * What the caller has got, in words that all APIs share.
 */
import { isJsonObject } from "@signalbox/model"
import { readJson } from "@signalbox/model/http"
import type { Case, Form } from "./cases.ts"
import type { Recording, Told } from "./clients.ts"

/** What came of one case: all that does not depend on time. */
export interface Outcome {
  /** `-` where there was no answer. */
  readonly status: string
  /** The type of the error in the words of the API, and its code where it has one. */
  readonly type: string
  /** Our code, as the server's log has it. */
  readonly code: string
  readonly retryAfter: string
  /** How much of the text came. */
  readonly text: "none" | "all" | "all that came" | "as it came" | "less than came" | "other text"
  readonly ends: Ending
  /** The class that the official client raised. */
  readonly raises: string
  /** Requests to the upstream. */
  readonly requests: number
}

/** How an answer ends: in a stream by its last event. */
export type Ending = "answer" | "error" | "last event" | "error event" | "cut off" | "no last event" | "no answer"

interface SseEvent {
  readonly name: string
  readonly data: string
}

/** Only whole events: what is cut off is none. */
const eventsIn = (body: string): ReadonlyArray<SseEvent> =>
  body
    .split("\n\n")
    .slice(0, -1)
    .map((part) => part.split("\n"))
    .map((lines) => {
      const of = (field: string) => lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2) ?? ""
      return { name: of("event"), data: of("data") }
    })
    .filter(({ data }) => data !== "")

/** Where an event has its error: itself, inside, or in the response that it tells of. */
const errorIn = (data: string): Readonly<Record<string, unknown>> | undefined => {
  const body = readJson(data)
  if (!isJsonObject(body)) return undefined
  if (isJsonObject(body["error"])) return body["error"]
  if (body["type"] === "error") return body
  const { response } = body
  return isJsonObject(response) && isJsonObject(response["error"]) ? response["error"] : undefined
}

const lastNames: ReadonlySet<string> = new Set(["message_stop", "response.completed"])

const endOfStream = (body: string): Ending => {
  const events = eventsIn(body)
  if (events.some(({ data }) => errorIn(data) !== undefined)) return "error event"
  const last = events.at(-1) ?? { name: "", data: "" }
  // Of Chat, whose events have no names.
  const isFinished = last.data === "[DONE]" && /"finish_reason":"\w+"/.test(body)
  return isFinished || lastNames.has(last.name) ? "last event" : "no last event"
}

const endOf = (form: Form, recording: Recording | undefined): Ending => {
  if (recording === undefined) return "no answer"
  if (recording.isCut) return "cut off"
  if (recording.status !== 200) return "error"
  return form === "whole" ? "answer" : endOfStream(recording.body)
}

const typeOf = (recording: Recording | undefined): string => {
  if (recording === undefined) return "-"
  const { body } = recording
  const found = [body, ...eventsIn(body).map(({ data }) => data)].map(errorIn).find((error) => error !== undefined)
  if (found === undefined) return "-"
  const { code, type } = found
  return [type === "error" ? undefined : type, code].filter((word) => typeof word === "string").join(", ")
}

/** The text that a caller should have: what the upstream said until it failed. A whole answer that fails has none. */
const expectedText = ({ fault, form }: Case): string =>
  form === "streamed" || fault.ends === "well" ? fault.text.join("") : ""

const textOf = (one: Case, { text }: Told, direct: Told | undefined): Outcome["text"] => {
  const expected = direct?.text ?? expectedText(one)
  if (text !== expected) return expected.startsWith(text) ? "less than came" : "other text"
  if (direct !== undefined) return "as it came"
  if (text === "") return "none"
  return one.fault.ends === "well" ? "all" : "all that came"
}

/** The class of what a client raised. */
const raised = ({ error }: Told): string =>
  error === undefined ? "-" : error instanceof Error ? error.constructor.name : typeof error

/** What was seen elsewhere. */
interface Seen {
  readonly code: string | undefined
  readonly requests: number
  /** What the same client got from the upstream itself, for what is handed on however it is. */
  readonly direct: Told | undefined
}

/** The outcome of a case. */
export const outcomeOf = (one: Case, told: Told, { code = "-", direct, requests }: Seen): Outcome => ({
  status: told.recording === undefined ? "-" : String(told.recording.status),
  type: typeOf(told.recording),
  code,
  retryAfter: told.recording?.headers.get("retry-after") ?? "-",
  text: textOf(one, told, direct),
  ends: endOf(one.form, told.recording),
  raises: raised(told),
  requests
})
