/**
 * What servers log through the protocol, in our log: at Debug, whatever they call it, as with standard error,
 * because a foreign program must not fill a log that people read.
 */
import type { LogMessage, McpClient } from "@signalbox/mcp"
import { Effect, Stream } from "effect"

const logged = ({ data, level, logger }: LogMessage) =>
  Effect.annotateLogs(Effect.logDebug(data), { stream: "log", level, ...(logger === undefined ? {} : { logger }) })

/** Copies the messages of one connection until it ends. */
export const followLog = (client: McpClient): Effect.Effect<void> => Stream.runForEach(client.logMessages, logged)
