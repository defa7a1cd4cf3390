/**
 * What keeps the requests of a conversation within what its model takes. Each part works alone; without any, everything is
 * sent as it is.
 */
import type { ContextWindow } from "./ContextWindow.ts"
import type { ResultLimits } from "./keepResult.ts"
import type { ToolBudget } from "./offeredTools.ts"
import type { SummaryOptions } from "./summarise.ts"

/** Use it where a history may become longer than a model's context window. */
export interface TurnContext {
  /** Leaves out the oldest messages where there is no room for all. Not for a history that its caller keeps and shortens. */
  readonly window?: ContextWindow
  /** Shows long results of tools in part, and keeps the whole. */
  readonly results?: ResultLimits
  /** Offers a tool that finds tools, where there are too many. */
  readonly tools?: ToolBudget
  /** Puts a summary in the place of what a session would leave out. Needs `window`. */
  readonly summary?: SummaryOptions
}
