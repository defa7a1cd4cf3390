/**
 * The Anthropic Messages API: the host's tools are shown as `mcp_tool_use` and `mcp_tool_result`, calls of the caller's
 * come back as `tool_use`.
 */
import {
  checkFlow,
  decodeRequest,
  encodeError,
  encodeReply,
  encodeStream,
  type MessagesRequest,
  mcpToolWish,
  renderEvent,
  startStream,
  withoutMcpServers
} from "@signalbox/provider-claude/serve"
import type { ToolDefinition } from "@signalbox/model"
import { Effect, Redacted, Stream } from "effect"
import type { Dialect, DialectRequest, ReadingRules, RequestHeaders } from "./Dialect.ts"

/** Servers that a request names are for the host: the API must not be asked to connect to them, too. */
const withServers = (read: MessagesRequest): DialectRequest => {
  const { mcpServers, ...served } = read
  if (mcpServers.length === 0) return served
  return {
    ...served,
    request: withoutMcpServers(served.request),
    servers: mcpServers.map((server) => ({
      name: server.name,
      ...(server.url === undefined ? {} : { url: server.url }),
      headers:
        server.authorizationToken === undefined
          ? {}
          : { authorization: Redacted.make(`Bearer ${Redacted.value(server.authorizationToken)}`) },
      wants: ({ originalName }: ToolDefinition) => mcpToolWish(server, originalName).isEnabled
    }))
  }
}

const decode = Effect.fnUntraced(function* (body: unknown, headers: RequestHeaders, rules: ReadingRules) {
  const read = yield* decodeRequest(body, headers)
  const messages = yield* checkFlow(read.request.messages, rules.whenToolFlowBroken)
  return withServers({ ...read, request: { ...read.request, messages } })
})

export const messagesDialect: Dialect = {
  decode,
  idOf: (digits) => `msg_${digits}`,
  reply: (reply) => encodeReply(reply),
  stream: (served) => (events) =>
    events.pipe(
      Stream.mapAccum(() => startStream(served), encodeStream),
      Stream.map(renderEvent)
    ),
  failure: encodeError
}
