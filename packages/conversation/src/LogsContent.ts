/** Whether log lines hold what was said. They tell how long it was, whatever this says. */
import { Context, Effect, LogLevel } from "effect"

/** Off unless the program wants it: what people and tools say is theirs. */
export const LogsContent = Context.Reference<boolean>("@signalbox/conversation/LogsContent", {
  defaultValue: () => false
})

/** Characters of an answer and of a result that a log line shows at the most. */
export const shownInLog = { reply: 500, result: 200 } as const

/**
 * The fields of a debug line about a text; `name` is that of the text itself, where it is shown. Where no such line is written,
 * the text is not put together for it.
 */
export const loggedText = (name: string, textOf: () => string, limit: number) =>
  Effect.gen(function* () {
    if (!(yield* LogLevel.isEnabled("Debug"))) return {}
    const text = textOf()
    if (!(yield* LogsContent)) return { characters: text.length }
    return { characters: text.length, [name]: text.length > limit ? `${text.slice(0, limit)}…` : text }
  })
