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
  { most, ...owner }: Pick<ResultLimits, "ownerOf"> & { readonly most: number }
): Pick<TurnContext, "results"> => {
  const { maxResultTokens } = context
  if (maxResultTokens === "unlimited") return {}
  const maxTokens = Math.min(maxResultTokens, most)
  return { results: { maxTokens, ...(store === undefined ? {} : { store }), ...owner } }
}

const toolsOf = ({ conversation: { context } }: Limits, looksForTools: boolean): { readonly tools?: ToolBudget } =>
  context.toolTokenBudget === "unlimited" || !looksForTools
    ? {}
    : { tools: { maxTokens: context.toolTokenBudget, pinned: context.pinnedTools } }

/** For conversations whose history is the host's. */
export const conversationContext = (
  options: Limits,
  { looksForTools, maxResultTokens: most, windowTokens: _window, ...model }: ModelContext,
  store: HostSetup["resultStore"]
): TurnContext => ({ ...model, ...resultsOf(options, store, { most }), ...toolsOf(options, looksForTools) })

/**
 * For requests that bring their history: it is theirs to shorten. Each is a conversation of its own, and what was kept for
 * one is read by the next of the same client.
 */
export const servedContext = (
  options: Limits,
  { looksForTools }: ModelContext,
  store: HostSetup["resultStore"]
): TurnContext => ({
  ...resultsOf(options, store, { most: Infinity, ownerOf: ({ principal }) => `served ${principal}` }),
  ...toolsOf(options, looksForTools)
})
