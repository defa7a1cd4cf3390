/**
 * The logger of a program. Only the host installs one: libraries below just log.
 */
import { LogsContent } from "@signalbox/conversation"
import { logFormats, Logging, logLevels } from "@signalbox/logging"
import { Layer } from "effect"

/** What is wanted, as a configuration, a flag or a variable says it. `auto` and unknown words mean the usual. */
export interface LogSettings {
  readonly level: string | undefined
  readonly format: string | undefined
  /** Whether lines hold what was said. */
  readonly content?: boolean
}

/** What the app knows of the stream that log lines go to: standard error. */
export interface LogStream {
  readonly isTerminal: boolean
  readonly hasColors: boolean
  readonly write: (line: string) => void
}

/** A layer that replaces the default logger; the usual format is pretty for a person and JSON for a program. */
export const hostLogging = (settings: LogSettings, stream: LogStream) =>
  Layer.merge(
    Logging.layer({
      format: logFormats.find((name) => name === settings.format) ?? (stream.isTerminal ? "pretty" : "json"),
      level: logLevels.find((name) => name === settings.level?.toLowerCase()) ?? "warn",
      colors: stream.hasColors,
      write: stream.write
    }),
    Layer.succeed(LogsContent, settings.content ?? false)
  )
