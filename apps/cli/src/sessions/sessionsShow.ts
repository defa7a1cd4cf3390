/** What was said and done in a conversation, oldest first. */
import { ChatEvent } from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { DateTime, Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { recordsOf, withStore } from "./keptConversations.ts"

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

/** The work of `sessions show`. */
export const sessionsShow = (name: string, showsPartial: boolean) =>
  withStore(recordsOf(name)).pipe(
    Effect.map((events) => ({
      events: events.filter((event) => event.type !== "meta" || isSummary(event)),
      partial: showsPartial ? partialAnswers(events) : []
    })),
    Effect.flatMap(({ events, partial }) =>
      Effect.map(
        Effect.forEach(events, (event) => Effect.orDie(encode(event))),
        (records) => ({ events, partial, records })
      )
    ),
    report({
      json: ({ partial, records }) => ({ events: records, ...(showsPartial ? { partial } : {}) }),
      render: ({ events, partial }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          for (const event of events) {
            const words = wordsOf(event)
            if (words === undefined) continue
            const at = style.dim(DateTime.formatIso(event.timestamp).slice(0, 19).replace("T", " "))
            yield* line(`${at} ${style.bold(words.who)} ${printable(words.text)}`)
          }
          for (const { text } of partial) yield* line(`${style.yellow("broke off")} ${printable(text)}`)
        })
    })
  )
