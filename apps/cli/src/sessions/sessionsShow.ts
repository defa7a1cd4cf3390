/** What was said and done in a conversation, oldest first. */
import { ChatEvent, overviewOf, type TurnPoint } from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { DateTime, Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { findShown, withReadStore } from "./keptConversations.ts"
import { openCallWords, openResult, unfinishedJson, type UnfinishedStep, unfinishedSteps } from "./openSteps.ts"

/** The longest piece of a result that is shown. */
const shownResult = 200

const encode = Schema.encodeEffect(ChatEvent)

/** What came in pieces, by the requests. */
const piecesOf = (events: ReadonlyArray<ChatEvent>): Map<string, string> => {
  const texts = new Map<string, string>()
  for (const event of events) {
    if (event.type !== "meta" || event.kind !== "assistant_delta") continue
    const text = event.data["text"] ?? event.data["content"]
    const request = event.request_id ?? ""
    if (typeof text === "string") texts.set(request, (texts.get(request) ?? "") + text)
  }
  return texts
}

/** Pieces of answers that never became whole, by their requests. */
const partialAnswers = (events: ReadonlyArray<ChatEvent>, unfinished: ReadonlyArray<UnfinishedStep>) => {
  const texts = piecesOf(events)
  // Answers that became whole came in pieces too.
  const answers = [
    ...events.flatMap((event) => (event.type === "assistant_message" ? [event] : [])),
    ...unfinished.map(({ reply, requestId }) => ({ content: reply.content, request_id: requestId }))
  ]
  for (const { content, request_id: request = "" } of answers) {
    const whole = textOf(content)
    const text = texts.get(request) ?? ""
    if (text.startsWith(whole)) texts.set(request, text.slice(whole.length))
  }
  return [...texts].flatMap(([request_id, text]) => (text === "" ? [] : [{ request_id, text }]))
}

/** A summary stands where it was written: the model is not shown what came before the newest turns of then. */
const isSummary = (event: ChatEvent): boolean => event.type === "meta" && event.kind === "context_summary"

const wordsOf = (event: ChatEvent): { readonly who: string; readonly text: string } | undefined => {
  switch (event.type) {
    case "user_message":
      return { who: "you", text: textOf(event.content) }
    case "assistant_message":
      return textOf(event.content) === "" ? undefined : { who: "model", text: textOf(event.content) }
    case "tool_call":
      return { who: "calls", text: `${event.name} ${JSON.stringify(event.arguments)}` }
    case "tool_result": {
      const text = typeof event.content === "string" ? event.content : textOf(event.content ?? [])
      return { who: event.is_error === true ? "failed" : "got", text: oneLine(text, shownResult) }
    }
    case "system_update":
      return { who: "host", text: textOf(event.content) }
    case "meta":
      return isSummary(event) ? { who: "summary", text: String(event.data["summary"]) } : undefined
  }
}

/** The lines of a step that is not history yet. */
const openLines = ({ at, calls, place, reply }: UnfinishedStep, isRunning: boolean) => {
  const text = textOf(reply.content)
  return [
    ...(text === "" ? [] : [{ at, place, who: "model", text, state: undefined }]),
    ...calls.flatMap((open) => {
      const { begunAt = at, call, doneAt } = open
      const result = openResult(open)
      const said = { at: begunAt, place, who: "calls", text: `${call.name} ${JSON.stringify(call.input)}` }
      return [
        { ...said, state: openCallWords(open, isRunning) },
        ...(result === undefined
          ? []
          : [
              {
                at: doneAt,
                place,
                who: result.isError ? "failed" : "got",
                text: oneLine(result.text, shownResult),
                state: undefined
              }
            ])
      ]
    })
  ]
}

/** Which turn and step a record belongs to, as `sessions rewind --to` takes it; nothing for what came in a turn before. */
const numbersOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> => {
  const { turns } = overviewOf(events)
  let at = -1
  let step = 0
  return events.map((event) => {
    const next = turns[at + 1]
    const isNext =
      next !== undefined &&
      (next.requestId === undefined ? event.type === "user_message" : event.request_id === next.requestId)
    if (isNext) {
      at++
      step = 0
    }
    if (event.type === "assistant_message") step++
    return at === -1 ? "" : step === 0 ? `${at + 1}` : `${at + 1}.${step}`
  })
}

const timeText = (at: DateTime.Utc | undefined): string =>
  at === undefined ? " ".repeat(19) : DateTime.formatIso(at).slice(0, 19).replace("T", " ")

const turnJson = ({ end, number, said, steps }: TurnPoint) => ({ number, said, steps: steps.length, end: end ?? null })

/** The work of `sessions show`. */
export const sessionsShow = (given: string, showsPartial: boolean) =>
  withReadStore(findShown(given)).pipe(
    Effect.map(({ events, isRunning, name }) => {
      const numbers = numbersOf(events)
      const shown = events
        .map((event, index) => ({ event, number: numbers[index] ?? "" }))
        .filter(({ event }) => event.type !== "meta" || isSummary(event))
      const unfinished = unfinishedSteps(events)
      const partial = showsPartial ? partialAnswers(events, unfinished) : []
      return { name, shown, turns: overviewOf(events).turns, partial, unfinished, isRunning }
    }),
    Effect.flatMap((found) =>
      Effect.map(
        Effect.forEach(found.shown, ({ event }) => Effect.orDie(encode(event))),
        (records) => ({ ...found, records })
      )
    ),
    report({
      json: ({ isRunning, name, partial, records, turns, unfinished }) => ({
        name,
        turns: turns.map(turnJson),
        events: records,
        unfinished: unfinished.map((step) => unfinishedJson(step, isRunning)),
        ...(showsPartial ? { partial } : {})
      }),
      render: ({ isRunning, partial, shown, unfinished }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          const places = [...shown.map(({ number }) => number), ...unfinished.map(({ place }) => place)]
          const width = Math.max(0, ...places.map(({ length }) => length))
          const begin = (at: DateTime.Utc | undefined, place: string, who: string) =>
            `${style.dim(timeText(at))} ${style.cyan(place.padEnd(width))} ${style.bold(who)}`
          for (const { event, number } of shown) {
            const words = wordsOf(event)
            if (words === undefined) continue
            yield* line(`${begin(event.timestamp, number, words.who)} ${printable(words.text)}`)
          }
          for (const { at, place, state, text, who } of unfinished.flatMap((step) => openLines(step, isRunning)))
            yield* line(
              `${begin(at, place, who)} ${printable(text)}${state === undefined ? "" : style.yellow(`  ${state}`)}`
            )
          for (const { text } of partial) yield* line(`${style.yellow("broke off")} ${printable(text)}`)
        })
    })
  )
