/**
 * Where a recording sees what a host does, and a replay does it instead: around its model requests, its connections, its
 * built-in tools, its conversations, what is kept beside them, what a person approved for good, and what the project says and
 * lets programs say. Each gets the real thing and answers with what is used.
 */
import type { ApprovalStore, ConversationClient, ResultStore } from "@signalbox/conversation"
import type { ModelNotFound, Toolbox } from "@signalbox/model"
import type { Connector } from "@signalbox/orchestrator"
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { ConfigInvalid, MissingApiKey } from "./errors.ts"
import type { Models } from "./models/Models.ts"
import type { HookSeam } from "./rules/hooks/HookSeam.ts"
import type { Instructions } from "./rules/Instructions.ts"

/** What stands between a host and the world. */
export interface HostSeams {
  /** The client by which models are asked. */
  readonly http: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly models: (
    models: Models["Service"]
  ) => Effect.Effect<Models["Service"], ConfigInvalid | MissingApiKey | ModelNotFound>
  readonly connector: (connector: Connector["Service"]) => Connector["Service"]
  readonly builtIns: (toolbox: Toolbox["Service"]) => Toolbox["Service"]
  readonly conversations: (client: ConversationClient["Service"]) => ConversationClient["Service"]
  readonly approvals: (store: ApprovalStore | undefined) => ApprovalStore | undefined
  /** Where long results of tools are kept. */
  readonly results: (store: ResultStore | undefined) => ResultStore | undefined
  readonly instructions: (read: Effect.Effect<Instructions>) => Effect.Effect<Instructions>
  /** The commands of `conversation.hooks`. */
  readonly hooks: HookSeam
}

/** Nothing stands between. */
export const noSeams: HostSeams = {
  http: (client) => client,
  models: (models) => Effect.succeed(models),
  connector: (connector) => connector,
  builtIns: (toolbox) => toolbox,
  conversations: (client) => client,
  approvals: (store) => store,
  results: (store) => store,
  instructions: (read) => read,
  hooks: (_, run) => run
}

/** Two of them: the first is nearer to the world. */
export const joinSeams = (inner: HostSeams, outer: HostSeams): HostSeams => ({
  http: (client) => outer.http(inner.http(client)),
  models: (models) => Effect.flatMap(inner.models(models), outer.models),
  connector: (connector) => outer.connector(inner.connector(connector)),
  builtIns: (toolbox) => outer.builtIns(inner.builtIns(toolbox)),
  conversations: (client) => outer.conversations(inner.conversations(client)),
  approvals: (store) => outer.approvals(inner.approvals(store)),
  results: (store) => outer.results(inner.results(store)),
  instructions: (read) => outer.instructions(inner.instructions(read)),
  hooks: (question, run) => outer.hooks(question, inner.hooks(question, run))
})
