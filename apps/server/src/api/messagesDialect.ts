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
import { Effect, Stream } from "effect"
import type { Dialect, DialectRequest, ReadingRules, RequestHeaders } from "./Dialect.ts"

/** Servers that a request names are ours: the API must not be asked to connect to them, too. */
const withServers = (read: MessagesRequest): DialectRequest => {
  const { mcpServers, ...served } = read
  if (mcpServers.length === 0) return served
  return {
    ...served,
    request: withoutMcpServers(served.request),
    servers: mcpServers.map((server) => ({
      name: server.name,
      wants: (toolName: string) => mcpToolWish(server, toolName).isEnabled
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
