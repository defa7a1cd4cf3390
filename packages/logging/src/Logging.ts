/**
 * How log lines look and where they go: always to stderr, because stdout belongs to results and to MCP over stdio.
 * Replaces the default logger; libraries go on calling `Effect.log*` and know nothing of this.
 */
import { type FileSystem, Layer, Logger, type LogLevel, type PlatformError, References } from "effect"
import { formatJson, formatLogfmt, formatPretty } from "./formats.ts"
import { type LogRecord, logRecord } from "./logRecord.ts"

/** The formats, for a flag or a configuration key. */
export const logFormats = ["pretty", "json", "logfmt"] as const
/** The name of a format. */
export type LogFormat = (typeof logFormats)[number]

/** The least level that is printed; `none` prints nothing. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "none"] as const
/** The name of a level as configurations write it. */
export type LogLevelName = (typeof logLevels)[number]

/** How `Logging.layer` prints. */
export interface LoggingOptions {
  /** `pretty` for people at a terminal, `json` or `logfmt` for programs. */
  readonly format: LogFormat
  readonly level: LogLevelName
  /** Colours in the pretty format. Say true only when stderr is a terminal. */
  readonly colors?: boolean
  /**
   * Takes each finished text, without a line end, at once. Default: `error` of Effect's `Console`, which is stderr.
   * Must not throw.
   */
  readonly write?: (line: string) => void
}

const severities: Readonly<Record<LogLevelName, LogLevel.LogLevel>> = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  fatal: "Fatal",
  none: "None"
}

const formatter = ({ colors, format }: LoggingOptions): ((record: LogRecord) => string) => {
  if (format === "json") return formatJson
  return format === "logfmt" ? formatLogfmt : (record) => formatPretty(record, colors === true)
}

/** Replaces the loggers of everything it is provided to, and sets the least level that is printed. */
const layer = (options: LoggingOptions): Layer.Layer<never> => {
  const format = formatter(options)
  const { write } = options
  const text = Logger.make((call: Logger.Options<unknown>) => format(logRecord(call)))
  const logger = write === undefined ? Logger.withConsoleError(text) : Logger.map(text, write)
  return Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, severities[options.level]))
}

/**
 * Writes every line to a file too, as JSON, beside the loggers that are there: build it over `layer`. The file is
 * appended to, readable by its owner alone where it is new, and written a moment later, at the latest when the layer ends.
 */
const fileLayer = (file: string): Layer.Layer<never, PlatformError.PlatformError, FileSystem.FileSystem> => {
  const json = Logger.make((call: Logger.Options<unknown>) => formatJson(logRecord(call)))
  return Logger.layer([Logger.toFile(json, file, { flag: "a", mode: 0o600, batchWindow: "200 millis" })], {
    mergeWithExisting: true
  })
}

/** `Logging.layer(options)`: provide it once, where a program starts; `Logging.fileLayer(file)` adds a file to it. */
export const Logging = { layer, fileLayer } as const
