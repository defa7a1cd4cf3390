/**
 * What keeps requests within what models take, for conversations and for the requests of clients.
 */
import type { ResultLimits, ToolBudget, TurnContext } from "@signalbox/conversation"
import type { HostOptions } from "./config/HostOptions.ts"
import type { HostSetup } from "./HostSetup.ts"
import type { ModelContext } from "./models/modelContext.ts"

type Limits = Pick<HostOptions, "conversation">

const resultsOf = (
  { conversation: { context } }: Limits,
  store: HostSetup["resultStore"],
  owner: Pick<ResultLimits, "ownerOf"> = {}
): Pick<TurnContext, "results"> =>
  context.maxResultTokens === "unlimited"
    ? {}
    : { results: { maxTokens: context.maxResultTokens, ...(store === undefined ? {} : { store }), ...owner } }

const toolsOf = ({ conversation: { context } }: Limits): { readonly tools?: ToolBudget } =>
  context.toolTokenBudget === "unlimited"
    ? {}
    : { tools: { maxTokens: context.toolTokenBudget, pinned: context.pinnedTools } }

/** For conversations whose history is the host's. */
export const conversationContext = (
  options: Limits,
  model: ModelContext,
  store: HostSetup["resultStore"]
): TurnContext => ({ ...model, ...resultsOf(options, store), ...toolsOf(options) })

/**
 * For requests that bring their history: it is theirs to shorten. Each is a conversation of its own, and what was kept for
 * one is read by the next of the same client.
 */
export const servedContext = (options: Limits, store: HostSetup["resultStore"]): TurnContext => ({
  ...resultsOf(options, store, { ownerOf: ({ principal }) => `served ${principal}` }),
  ...toolsOf(options)
})
