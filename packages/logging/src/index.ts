// How lines look and where they go
export { type LogFormat, logFormats, Logging, type LoggingOptions, type LogLevelName, logLevels } from "./Logging.ts"

// Operations with context and duration
export { operationDuration, withOperation } from "./withOperation.ts"

// Records, for loggers of your own
export { formatJson, formatLogfmt, formatPretty } from "./formats.ts"
export { type LogRecord, logRecord } from "./logRecord.ts"
export { maxTextLength, type Printable } from "./printable.ts"
