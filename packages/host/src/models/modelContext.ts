/**
 * How much a chosen model takes at once, and who writes summaries when that is not enough.
 */
import { type ContextWindow, makeContextWindow, type SummaryOptions, type TurnContext } from "@signalbox/conversation"
import { contextWindowOf, type LanguageModel, type ModelRequest, type ModelRoute } from "@signalbox/model"
import type { Effect } from "effect"
import type { HostOptions } from "../config/HostOptions.ts"
import { readModelReference } from "./modelReference.ts"

/** The parts of a conversation's context that are those of its model. */
export interface ModelContext extends Pick<TurnContext, "window" | "summary"> {
  /** Tokens that the model takes in all, its answer included, as far as that is known. */
  readonly windowTokens: number
  /** The most tokens of one result, so that some of them fit together. */
  readonly maxResultTokens: number
  /** Whether it can look for tools. The offline model picks among those that it is given, however many. */
  readonly looksForTools: boolean
}

/** The share of the window that one result may take. */
const resultShare = 1 / 4

/** What is assumed of a model of which nothing is known. */
const usualWindow = 32_000

/** The offline model reads no more than it needs. */
const offlineWindow = 1_000_000

/** What it is made from. */
export interface ModelContextParts {
  readonly route: ModelRoute
  /** The model that the upstream asks when nobody names another. */
  readonly defaultModel: string
  readonly services: ReadonlyMap<string, LanguageModel["Service"]>
  readonly estimateTokens: (request: ModelRequest) => Effect.Effect<number>
}

/** The model that is meant by the name in a request. */
const modelOf = ({ defaultModel, route }: ModelContextParts, asked: string): string =>
  [asked, route.model, defaultModel].find((name) => name !== "") ?? ""

const windowFor = (options: HostOptions, parts: ModelContextParts, asked: string): number => {
  const { window } = options.conversation.context
  const { route } = parts
  if (window !== "auto") return window
  if (route.upstream === "offline") return offlineWindow
  const model = modelOf(parts, asked)
  return options.providers[route.upstream]?.contextWindow ?? contextWindowOf(model) ?? usualWindow
}

const summaryOf = (options: HostOptions, { route, services }: ModelContextParts): SummaryOptions => {
  const { maxTokens, model: text } = options.conversation.context.summary
  if (text === "") return { maxTokens }
  const named = readModelReference(text, new Set(services.keys()), route.upstream)
  const model = services.get(named.upstream)
  return { maxTokens, modelName: named.model, ...(model === undefined ? {} : { model }) }
}

/** The context of a model as the configuration wants it. */
export const modelContext = (options: HostOptions, parts: ModelContextParts): ModelContext => {
  const { preserveRecent, reserveTokens, whenFull } = options.conversation.context
  const windowTokens = windowFor(options, parts, "")
  const maxResultTokens = Math.ceil(windowTokens * resultShare)
  const own = { windowTokens, maxResultTokens, looksForTools: parts.route.upstream !== "offline" }
  if (whenFull === "send") return own
  const window: ContextWindow = makeContextWindow({
    tokensFor: (asked) => windowFor(options, parts, asked),
    reserve: reserveTokens,
    preserveRecent,
    // Makers of models count differently.
    countTokens: (request) => parts.estimateTokens({ ...request, model: modelOf(parts, request.model) })
  })
  return { ...own, window, ...(whenFull === "summary" ? { summary: summaryOf(options, parts) } : {}) }
}
