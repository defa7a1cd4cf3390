/**
 * What lies between a connection and its use: its first list of tools, and the calls that belong to the start. A server
 * may have to be told where it is, or to load something, before anybody else calls it.
 */
import type { McpClient } from "@signalbox/mcp"
import { resultText } from "@signalbox/model"
import { type Duration, Effect } from "effect"
import { toolResult } from "./content.ts"
import { StartCallFailed } from "./errors.ts"
import { adoptTools } from "./followTools.ts"
import type { KnownTools } from "./KnownTools.ts"
import type { ManagedServer } from "./OrchestratorOptions.ts"

/** Makes a new connection ready; its list may take so long. */
export const makeReady = (managed: ManagedServer, client: McpClient, known: KnownTools, listLimit: Duration.Duration) =>
  adoptTools(managed.server.name, client, known, listLimit).pipe(
    Effect.tap(makeStartCalls(managed, client)),
    Effect.map((list) => ({ client, list }))
  )

/** In order; the first one that fails makes the start fail. */
export const makeStartCalls = ({ onStart, server }: ManagedServer, client: McpClient) =>
  Effect.forEach(
    onStart,
    ({ args, tool }) => {
      const failed = (reason: string, cause?: unknown) =>
        new StartCallFailed({
          serverName: server.name,
          toolName: tool,
          reason,
          ...(cause === undefined ? {} : { cause })
        })
      return client.callTool({ name: tool, input: args }).pipe(
        Effect.mapError((error) => failed(error.message, error)),
        Effect.flatMap((result) => (result.isError ? Effect.fail(failed(resultText(toolResult(result)))) : Effect.void))
      )
    },
    { discard: true }
  )
