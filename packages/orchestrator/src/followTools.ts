/**
 * Keeps the tools of one connection up to date: read when it is made, and again when the server says that they have
 * changed, or when its list has become too old by its own word.
 */
import { type McpClient, RequestTimeout, type ServerError, type ServerOptions, type ToolList } from "@signalbox/mcp"
import { Duration, Effect, Stream } from "effect"
import type { KnownTools } from "./KnownTools.ts"

/** A list that holds for less is not read more often. */
const shortestPoll = Duration.seconds(10)

/** Holds a list to a limit. */
export const listWithin = (
  serverName: string,
  client: McpClient,
  limit: Duration.Duration
): Effect.Effect<ToolList, ServerError> =>
  Effect.timeoutOrElse(client.listTools, {
    duration: limit,
    orElse: () => Effect.fail(new RequestTimeout({ serverName, method: "tools/list", limit }))
  })

/** Reads the list once and takes it up. */
export const adoptTools = (
  serverName: string,
  client: McpClient,
  known: KnownTools,
  limit: Duration.Duration
): Effect.Effect<ToolList, ServerError> => Effect.tap(listWithin(serverName, client, limit), known.adopt)

/** Reads it again for as long as it runs. A list that cannot be read leaves the one before in force. */
export const followTools = (
  { connectTimeout, name }: ServerOptions,
  client: McpClient,
  known: KnownTools,
  { freshFor }: ToolList
): Effect.Effect<void> => {
  const lookAgain = Effect.catch(adoptTools(name, client, known, connectTimeout), (error) =>
    Effect.logWarning(`The tools of server "${name}" stay as they were: ${error.message}`)
  )
  const announced = client.toolsChanged.pipe(
    // One more look is enough, however often a server says so meanwhile.
    Stream.buffer({ capacity: 1, strategy: "sliding" }),
    Stream.runForEach(() => lookAgain)
  )
  if (freshFor === undefined) return announced
  const aged = Effect.forever(Effect.andThen(Effect.sleep(Duration.max(freshFor, shortestPoll)), lookAgain))
  return Effect.all([announced, aged], { concurrency: "unbounded", discard: true })
}
