/**
 * What happens during a turn, as it happens. `turn_end` is the last event of a turn that ends by itself;
 * a turn that fails or is interrupted has none.
 */
import type { ModelEvent, ToolDefinition, ToolProgress, ToolUseBlock } from "@signalbox/model"
import type { ToolOutcome } from "./ToolOutcome.ts"
import type { TurnResult, TurnStep } from "./TurnResult.ts"

/**
 * The life of one tool call. Each call that the host answers has exactly one `tool_end`, and a `tool_start`
 * before it unless it was never started (status `not_run`, `refused`, `awaiting_approval`). Calls that the caller is to
 * answer have neither: they are in `TurnResult.pendingCalls`.
 */
export type ToolEvent =
  /** Somebody is being asked whether the call may run, after its `tool_start` where the tool itself asks. What follows says how that ended. */
  | {
      readonly type: "tool_asked"
      readonly step: number
      readonly call: ToolUseBlock
      /** A clause: why it needs approval. */
      readonly reason: string
    }
  | {
      readonly type: "tool_start"
      readonly step: number
      /** With `runBy` set. */
      readonly call: ToolUseBlock
      /** `undefined` where no tool of that name is listed. */
      readonly tool: ToolDefinition | undefined
    }
  | {
      readonly type: "tool_progress"
      readonly step: number
      readonly callId: string
      readonly progress: ToolProgress
    }
  | { readonly type: "tool_end"; readonly step: number; readonly callId: string; readonly outcome: ToolOutcome }

/** What happens in a turn, as it happens. `turn_end` is the last one of a turn that did not fail. */
export type TurnEvent =
  /** Steps are numbered from 1. */
  | { readonly type: "step_start"; readonly step: number; readonly provider: string; readonly model: string }
  /** Every event of the model, as it comes. */
  | { readonly type: "model"; readonly step: number; readonly event: ModelEvent }
  | ToolEvent
  | { readonly type: "step_end"; readonly step: number; readonly summary: TurnStep }
  /** A sentence of the host for the reader, such as that of the tool limit. */
  | { readonly type: "notice"; readonly code: string; readonly text: string }
  | {
      readonly type: "turn_end"
      readonly result: TurnResult
      /** The request was answered before; this is that answer, and no model was asked. */
      readonly isCached?: true
    }
