/**
 * Tools that are called once on each new connection, before anybody else may use it: a server may have to be told where
 * it is, or to load something.
 */
import { type McpClient } from "@signalbox/mcp"
import { resultText } from "@signalbox/model"
import { Effect } from "effect"
import { toolResult } from "./content.ts"
import { StartCallFailed } from "./errors.ts"
import { type ManagedServer } from "./OrchestratorOptions.ts"

/** Makes them, in order. The first one that fails makes the start fail. */
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
        Effect.flatMap((result) =>
          result.isError ? Effect.fail(failed(resultText(toolResult(result)))) : Effect.void
        )
      )
    },
    { discard: true }
  )
