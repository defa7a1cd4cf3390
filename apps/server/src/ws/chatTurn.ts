/** What is said over a socket as a turn of its conversation: with the tools and models that its client may use. */
import { ConversationSession, Journal } from "@signalbox/conversation"
import { Host } from "@signalbox/host"
import { Principal, updateStreamContext } from "@signalbox/model"
import { Context, Effect } from "effect"
import { ApiContext } from "../api/ApiContext.ts"
import { approvedBefore, approving } from "../api/approvals.ts"
import { configuredServers, hostToolsFor } from "../api/hostTools.ts"
import { requireModel } from "../api/requireModel.ts"
import type { RequestHeaders } from "../api/Dialect.ts"
import type { Client } from "../clients/Client.ts"
import type { ClientConversation } from "./ClientConversations.ts"
import type { ChatFrame } from "./frames.ts"

/** Whose socket it is. */
export interface SocketClient {
  readonly client: Client
  readonly headers: RequestHeaders
  readonly conversation: ClientConversation
}

/** The turn. It begins when it is read, and is stopped when the reading stops. */
export const chatTurn = Effect.fnUntraced(function* (
  { client, conversation, headers }: SocketClient,
  { payload, request_id: requestId }: ChatFrame
) {
  const host = yield* Host
  const server = yield* ApiContext
  const { conversationSettings } = host
  if (payload.model !== undefined || client.models !== undefined) yield* requireModel(client, payload.model ?? "")
  const approved = yield* approvedBefore(headers)
  const wishes = { headers, servers: undefined, configured: yield* configuredServers }
  const { tools } = yield* hostToolsFor(host.toolbox, client, wishes)
  yield* conversation.claim
  yield* server.admit
  yield* host.usable
  const session = yield* ConversationSession.make({
    ...conversationSettings,
    id: conversation.storedAs,
    store: conversation.store,
    model: server.model,
    toolbox: tools,
    journal: Journal.none,
    hooks: host.hooks,
    approval: host.approvals.served,
    request: {
      ...conversationSettings.request,
      ...(payload.model === undefined ? {} : { model: payload.model }),
      ...(client.apiKey === undefined ? {} : { apiKey: client.apiKey })
    },
    call: { principal: client.name, interaction: approving({ calls: [], unknown: [] }, approved, false) }
  })
  return session.send(payload.text, { requestId }).pipe(updateStreamContext(Context.add(Principal, client.name)))
})
