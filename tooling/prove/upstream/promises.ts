/**
 * What must be so of every case, and the cases of which it is not.
 */
import type { Seen } from "../upstream.ts"
import { type Case, nameOf, passesUnread } from "./cases.ts"
import { pauseSeconds } from "./faults.ts"
import { attempts } from "./servers.ts"

/** Something that is promised: whether it is so, of those that it is about. */
interface Promised {
  readonly isAbout: (one: Case) => boolean
  readonly holds: (seen: Seen) => boolean
}

/** Of an answer that is handed on whole, nothing has come before all has. */
const hasBegun = ({ fault, form, upstream }: Case): boolean =>
  fault.text.length > 0 && !(upstream === "handed on" && form === "whole")

const good: ReadonlySet<string> = new Set(["answer", "last event"])

/** Statuses that one of our APIs does not have. */
const statusOf = ({ api }: Case, status: number): number => (api !== "messages" && status === 529 ? 503 : status)

const statusIn = ({ fault: { reply } }: Case): number =>
  reply.fault?.kind === "status" ? reply.fault.status : Number.NaN

/** What passes by itself is worth another try, and then the upstream's pause counts. */
const mayPass = (status: number): boolean => status === 429 || status >= 500

const classes: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
  429: "RateLimitError"
}

/** Those of which only Anthropic's client has a class. */
const ownClasses: Readonly<Record<number, string>> = {
  413: "ContentTooLargeError",
  503: "ServiceUnavailableError",
  529: "OverloadedError"
}

const classOf = ({ api }: Case, status: number): string =>
  classes[status] ??
  (api === "messages" ? ownClasses[status] : undefined) ??
  (status >= 500 ? "InternalServerError" : "APIError")

const isLate = ({ fault: { reply }, form, upstream }: Case): boolean =>
  reply.firstByteDelayMs !== undefined && form === "streamed" && upstream !== "handed on"

const promises: Readonly<Record<string, Promised>> = {
  "no answer that was broken ends well": {
    isAbout: (one) => one.fault.ends !== "well" && !passesUnread(one),
    holds: ({ outcome, told }) => !good.has(outcome.ends) && told.error !== undefined
  },
  "a broken stream ends with an error, and not with its connection": {
    isAbout: (one) => one.fault.ends !== "well" && !passesUnread(one),
    holds: ({ outcome }) => outcome.ends === "error" || outcome.ends === "error event"
  },
  "every answer without a fault is whole": {
    isAbout: ({ fault }) => fault.ends === "well",
    holds: ({ outcome, told }) => outcome.text === "all" && good.has(outcome.ends) && told.error === undefined
  },
  "no text is lost, and none comes twice": {
    isAbout: () => true,
    holds: ({ outcome: { text } }) => text !== "less than came" && text !== "other text"
  },
  "nobody is asked again of whose answer something has come, and nobody too often": {
    isAbout: () => true,
    holds: ({ one, outcome }) => outcome.requests <= (hasBegun(one) ? 1 : attempts)
  },
  "the official clients raise an error of their own": {
    isAbout: (one) => one.fault.ends !== "well" && !passesUnread(one),
    holds: ({ told }) => told.isOwnError
  },
  "a status is the upstream's, and so is the class of the error": {
    isAbout: (one) => one.fault.ends === "refused" && !isLate(one),
    holds: ({ one, outcome }) => {
      const status = statusOf(one, statusIn(one))
      return outcome.status === String(status) && outcome.raises === classOf(one, status)
    }
  },
  "the pause that an upstream asks for is handed on": {
    isAbout: (one) =>
      one.fault.reply.fault?.kind === "status" &&
      one.fault.reply.fault.retryAfter !== undefined &&
      mayPass(statusIn(one)) &&
      !isLate(one),
    holds: ({ outcome }) => outcome.retryAfter === String(pauseSeconds)
  },
  "what is handed on is as the upstream gave it": {
    isAbout: passesUnread,
    holds: ({ direct, told }) =>
      direct?.error?.constructor === told.error?.constructor && direct?.recording?.status === told.recording?.status
  },
  "the request to the upstream ends with the answer": {
    isAbout: () => true,
    holds: ({ running }) => running === 0
  }
}

const describe = ({ millis, one, outcome, told }: Seen): string =>
  `${nameOf(one)}: ${JSON.stringify(outcome)} after ${millis.toFixed(0)} ms${told.error instanceof Error ? ` (${told.error.message})` : ""}`

/** What speaks against each promise. */
export const againstIn = (all: ReadonlyArray<Seen>, hangMillis: number): Readonly<Record<string, Array<string>>> => ({
  "no case hangs": all.filter(({ millis }) => millis >= hangMillis).map(describe),
  ...Object.fromEntries(
    Object.entries(promises).map(([name, { holds, isAbout }]) => [
      name,
      all.filter((seen) => isAbout(seen.one) && !holds(seen)).map(describe)
    ])
  )
})
