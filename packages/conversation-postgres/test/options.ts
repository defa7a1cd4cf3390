import type { PostgresOptions } from "@signalbox/conversation-postgres"
import { Redacted } from "effect"

export const optionsFor = (url: string, options: Partial<PostgresOptions> = {}): PostgresOptions => ({
  url: Redacted.make(url),
  maxConnections: 4,
  strict: false,
  ...options
})
