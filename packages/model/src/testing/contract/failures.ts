/**
 * What a failure is called, however its provider says it. Nothing is retried here: that is for decorators.
 */
import { Clock, Duration, Effect, Stream } from "effect"
import type { ModelError } from "../../errors.ts"
import type { ModelEvent } from "../../ModelEvent.ts"
import { askFor } from "../requests.ts"
import type { ContractCase, ContractFault, ContractSubject } from "./ContractSubject.ts"
import { same } from "./same.ts"

type Tag = ModelError["_tag"]

const status = (code: number, more: { readonly body?: string } = {}): ContractFault => ({
  kind: "status",
  status: code,
  ...more
})

/** The fault, its error, and that of an answer which is not streamed where it is another one. */
const table: ReadonlyArray<readonly [name: string, fault: ContractFault, streamed: Tag, whole?: Tag]> = [
  ["401", status(401), "ProviderAuthFailed"],
  ["403", status(403), "ProviderAuthFailed"],
  ["402", status(402), "ProviderQuotaExceeded"],
  ["404", status(404), "ModelNotFound"],
  ["404 of something else", status(404, { body: "<h1>nothing here</h1>" }), "ProviderInvalidResponse"],
  ["400", status(400), "ModelRequestRejected"],
  ["413", status(413), "ModelRequestRejected"],
  ["429", status(429), "ProviderRateLimited"],
  ["500", status(500), "ProviderOverloaded"],
  ["503 with a page", status(503, { body: "<h1>busy</h1>" }), "ProviderOverloaded"],
  ["504", status(504), "ProviderTimeout"],
  ["a reset before the head", { kind: "reset" }, "ProviderUnreachable"],
  ["a reset in the middle", { kind: "reset", afterPieces: 1 }, "StreamInterrupted"],
  ["an end that comes too early", { kind: "early_end" }, "StreamInterrupted", "ProviderInvalidResponse"],
  ["an answer of nothing", { kind: "empty" }, "StreamInterrupted", "ProviderInvalidResponse"],
  ["a web page", { kind: "html" }, "ProviderInvalidResponse"],
  ["malformed data", { kind: "malformed" }, "ProviderInvalidResponse"],
  ["an error in the answer", { kind: "error_event", errorType: "overloaded_error" }, "ProviderOverloaded"],
  ["an error about the rate in it", { kind: "error_event", errorType: "rate_limit_error" }, "ProviderRateLimited"]
]

const kinds = ({ key, over, provider }: ContractSubject) =>
  table.map(([name, fault, tag, whole]) => ({
    name: `says ${tag} for ${name}`,
    check: over({ text: "some text to break", fault }, (model, upstream) =>
      Effect.gen(function* () {
        const streamed = yield* Effect.flip(Stream.runDrain(model.stream(askFor())))
        const answered = yield* Effect.flip(model.generate(askFor()))
        // A provider may stream what it then gives as a whole.
        const expected = upstream.requests.at(-1)?.isStream === true ? tag : (whole ?? tag)
        yield* same("errors", [streamed._tag, answered._tag], [tag, expected])
        yield* same("providers", [streamed.provider, answered.provider], [provider, provider])
        yield* same("requests", upstream.requests.length, 2)
        yield* same("the key is shown", JSON.stringify([streamed, answered]).includes(key), false)
      })
    )
  }))

const aHundredSeconds = 100_000

/** `retry-after` in all its forms, as milliseconds from now (RFC 9110 §10.2.3). */
const waits = ({ over }: ContractSubject) =>
  [
    ["seconds", "2", {}, 2000] as const,
    ["parts of a second", "0.5", {}, 500] as const,
    ["retry-after-ms before all else", "9", { "retry-after-ms": "150" }, 150] as const,
    ["a date", undefined, {}, aHundredSeconds] as const
  ].map(([name, given, headers, millis]) => ({
    name: `reads how long to wait from ${name}`,
    check: Effect.gen(function* () {
      const date = new Date((yield* Clock.currentTimeMillis) + aHundredSeconds).toUTCString()
      const fault = { kind: "status", status: 429, retryAfter: given ?? date, headers } as const
      const { retryable, retryAfter } = yield* over({ fault }, (model) => Effect.flip(model.generate(askFor())))
      const read = retryAfter === undefined ? -1 : Duration.toMillis(retryAfter)
      // A date has whole seconds, and the answer took its time.
      const isClose = given === undefined ? read > millis - 60_000 && read <= millis : read === millis
      yield* same("milliseconds", isClose ? millis : read, millis)
      yield* same("retryable", retryable, true)
    })
  }))

const soon = Duration.millis(200)

export const failures = (subject: ContractSubject): ReadonlyArray<ContractCase> => [
  ...kinds(subject),
  ...waits(subject),
  {
    name: "says ProviderUnreachable where nobody listens",
    check: subject.over({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => upstream.close())
        const error = yield* Effect.flip(model.generate(askFor()))
        yield* same("error", [error._tag, error.message.includes("http://127.0.0.1:")], ["ProviderUnreachable", true])
      })
    )
  },
  {
    name: "gives the events that came before the failure",
    check: subject.over({ text: "abc", chunks: 1, fault: { kind: "error_event", afterPieces: 2 } }, (model) =>
      Effect.gen(function* () {
        const seen: Array<ModelEvent> = []
        yield* Effect.flip(Stream.runForEach(model.stream(askFor()), (event) => Effect.sync(() => seen.push(event))))
        yield* same("pieces", seen.filter(({ type }) => type === "content_block_delta").length, 2)
      })
    )
  },
  {
    name: "says ProviderTimeout when a stream goes silent, and hangs up",
    check: subject.over(
      { text: "abcdef", chunks: 1, fault: { kind: "stall", afterPieces: 2 } },
      (model, upstream) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Stream.runDrain(model.stream(askFor())))
          const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
          yield* same("end", [error._tag, outcome], ["ProviderTimeout", "closed_by_client"])
        }),
      { idleTimeout: soon }
    )
  },
  {
    name: "says ProviderTimeout when there is no answer",
    check: subject.over(
      { fault: { kind: "stall" } },
      (model) =>
        Effect.gen(function* () {
          const whole = yield* Effect.flip(model.generate(askFor()))
          const streamed = yield* Effect.flip(Stream.runDrain(model.stream(askFor())))
          yield* same("errors", [whole._tag, streamed._tag], ["ProviderTimeout", "ProviderTimeout"])
        }),
      { requestTimeout: soon }
    )
  }
]
