/**
 * The logger that a configuration asks for. Only the host installs one: libraries below just log.
 */
import { Logging } from "@signalbox/logging"
import { type HostOptions } from "./config/HostOptions.ts"

/** What the app knows of the stream that log lines go to: standard error. */
export interface LogStream {
  readonly isTerminal: boolean
  readonly hasColors: boolean
}

/** A layer that replaces the default logger; `auto` is pretty for a person and JSON for a program. */
export const hostLogging = ({ logging }: HostOptions, stream: LogStream) =>
  Logging.layer({
    format: logging.format === "auto" ? (stream.isTerminal ? "pretty" : "json") : logging.format,
    level: logging.level,
    colors: stream.hasColors
  })
