import { Logging, type LoggingOptions } from "@signalbox/logging"
import { Effect } from "effect"

/** Runs an effect and answers with what it logged, one entry for each record. */
export const linesOf = <A, E, R>(effect: Effect.Effect<A, E, R>, options: Partial<LoggingOptions> = {}) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logging = Logging.layer({
      format: "json",
      level: "trace",
      write: (line) => void lines.push(line),
      ...options
    })
    return Effect.as(Effect.exit(Effect.provide(effect, logging)), lines)
  })

/** The same, read back as JSON. */
export const recordsOf = <A, E, R>(effect: Effect.Effect<A, E, R>, options: Partial<LoggingOptions> = {}) =>
  Effect.map(linesOf(effect, options), (lines) =>
    lines.map((line): Record<string, unknown> => {
      const record: unknown = JSON.parse(line)
      return record as Record<string, unknown>
    })
  )
