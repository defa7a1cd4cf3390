/**
 * A turn as `--json` prints it.
 */
import type { TurnResult } from "@signalbox/conversation"
import { resultText } from "@signalbox/model"
import { Duration } from "effect"

export const turnJson = (result: TurnResult) => ({
  text: result.text,
  finish_reason: result.finishReason,
  usage: result.usage,
  steps: result.steps.length,
  tool_calls: result.steps.flatMap((step) =>
    step.outcomes.map((outcome) => ({
      server: outcome.call.runBy?._tag === "Host" ? outcome.call.runBy.source : null,
      tool: outcome.call.name,
      input: outcome.call.input,
      status: outcome.status,
      error_code: outcome.code ?? null,
      duration_ms: Duration.toMillis(outcome.duration),
      result: resultText(outcome.result)
    }))
  )
})
