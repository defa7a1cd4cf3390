/**
 * What built-in tools change in files, as a person sees it. What makes it is loaded where it is wanted.
 */
import type { ToolOutcome } from "@signalbox/conversation"
import type { JsonObject, ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"
import type { RenderedDiff } from "../render/diff.ts"

export interface FileDiffs {
  /** What a call would change, in so many lines; nothing where it changes no file. */
  readonly before: (tool: ToolDefinition, input: JsonObject, most: number) => Effect.Effect<RenderedDiff | undefined>
  /** What a call has changed, unless that was seen before it. */
  readonly after: (outcome: ToolOutcome) => Effect.Effect<string | undefined>
}

/** Lines of a diff that are shown unasked. */
export const shownDiffLines = 40

/** Nothing is shown. */
export const noFileDiffs: FileDiffs = { before: () => Effect.undefined, after: () => Effect.undefined }
