/** What was said and done in a conversation, oldest first. */
import { ChatEvent, overviewOf, type TurnPoint } from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { DateTime, Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { findConversation, withReadStore } from "./keptConversations.ts"

/** The longest piece of a result that is shown. */
const shownResult = 200

const encode = Schema.encodeEffect(ChatEvent)

/** Pieces of answers that never became whole, by their requests. */
const partialAnswers = (events: ReadonlyArray<ChatEvent>) => {
  const texts = new Map<string, string>()
  for (const event of events) {
    if (event.type !== "meta" || event.kind !== "assistant_delta") continue
    const text = event.data["text"] ?? event.data["content"]
    const request = event.request_id ?? ""
    if (typeof text === "string") texts.set(request, (texts.get(request) ?? "") + text)
  }
  return [...texts].map(([request_id, text]) => ({ request_id, text }))
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

const turnJson = ({ end, number, said, steps }: TurnPoint) => ({ number, said, steps: steps.length, end: end ?? null })

/** The work of `sessions show`. */
export const sessionsShow = (given: string, showsPartial: boolean) =>
  withReadStore(findConversation(given)).pipe(
    Effect.map(({ events, name }) => {
      const numbers = numbersOf(events)
      const shown = events
        .map((event, index) => ({ event, number: numbers[index] ?? "" }))
        .filter(({ event }) => event.type !== "meta" || isSummary(event))
      return { name, shown, turns: overviewOf(events).turns, partial: showsPartial ? partialAnswers(events) : [] }
    }),
    Effect.flatMap((found) =>
      Effect.map(
        Effect.forEach(found.shown, ({ event }) => Effect.orDie(encode(event))),
        (records) => ({ ...found, records })
      )
    ),
    report({
      json: ({ name, partial, records, turns }) => ({
        name,
        turns: turns.map(turnJson),
        events: records,
        ...(showsPartial ? { partial } : {})
      }),
      render: ({ partial, shown }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          const width = Math.max(0, ...shown.map(({ number }) => number.length))
          for (const { event, number } of shown) {
            const words = wordsOf(event)
            if (words === undefined) continue
            const at = style.dim(DateTime.formatIso(event.timestamp).slice(0, 19).replace("T", " "))
            yield* line(`${at} ${style.cyan(number.padEnd(width))} ${style.bold(words.who)} ${printable(words.text)}`)
          }
          for (const { text } of partial) yield* line(`${style.yellow("broke off")} ${printable(text)}`)
        })
    })
  )
