/**
 * What a turn has done so far, kept beside the stream of events: a consumer that goes away has not read them
 * all, and the history must hold what really happened. Written by the loop of one turn, read when it is over.
 */
import {
  addUsage,
  type Message,
  type ModelReply,
  noUsage,
  textOf,
  type ToolUseBlock,
  type Usage
} from "@signalbox/model"
import { Clock, type DateTime, Duration, Effect } from "effect"
import { assistantMessages, callsIn } from "./history.ts"
import { durationBetween } from "./stopwatch.ts"
import { settleInterrupted } from "./toolFailure.ts"
import { type ToolOutcome, toolResultBlock, type ToolSettlement } from "./ToolOutcome.ts"
import type { TurnEvent } from "./TurnEvent.ts"
import type { TurnStep } from "./TurnResult.ts"

/** When a step began: the time of day, and the monotonic clock for its duration. */
export interface StepStart {
  readonly step: number
  readonly provider: string
  readonly at: DateTime.Utc
  readonly nanos: bigint
}

interface OpenStep {
  readonly start: StepStart
  readonly reply: ModelReply
  readonly started: Set<string>
  readonly outcomes: Map<string, ToolOutcome>
}

export class TurnProgress {
  readonly messages: Array<Message> = []
  readonly steps: Array<TurnStep> = []
  private open: OpenStep | undefined

  get usage(): Usage {
    return this.steps.reduce((sum, { usage }) => addUsage(sum, usage), noUsage)
  }

  /** The model has answered; `runBy` is set on its calls. */
  begin(start: StepStart, reply: ModelReply): void {
    this.open = { start, reply, started: new Set(), outcomes: new Map() }
  }

  /** Takes note of an event before it is offered to anybody. */
  note(event: TurnEvent): void {
    if (event.type === "tool_start") this.open?.started.add(event.call.id)
    if (event.type === "tool_end") this.open?.outcomes.set(event.callId, event.outcome)
  }

  /** Whether the call was started and has not ended. */
  wasStarted(callId: string): boolean {
    return this.open?.started.has(callId) === true
  }

  /**
   * Ends the open step. Its calls get their results in call order; those without an outcome stay without a
   * result, as the caller's do, unless `missing` gives one.
   */
  end(endedAtNanos: bigint, missing?: (call: ToolUseBlock) => ToolSettlement): TurnStep | undefined {
    if (this.open === undefined) return undefined
    const { outcomes, reply, start } = this.open
    const duration = durationBetween(start.nanos, endedAtNanos)
    const calls = callsIn(reply.content)
    const known = calls.flatMap((call): ReadonlyArray<ToolOutcome> => {
      const outcome = outcomes.get(call.id)
      if (outcome !== undefined) return [outcome]
      return missing === undefined ? [] : [{ ...missing(call), call, duration: Duration.zero }]
    })
    const step: TurnStep = {
      step: start.step,
      provider: start.provider,
      model: reply.model,
      text: textOf(reply.content),
      calls,
      outcomes: known,
      finishReason: reply.stop_reason ?? "end_turn",
      usage: reply.usage,
      startedAt: start.at,
      duration
    }
    this.open = undefined
    this.steps.push(step)
    this.messages.push(...assistantMessages(reply.content))
    const results = known.map(({ call, result }) => toolResultBlock(call.id, result))
    if (results.length > 0) this.messages.push({ role: "user", content: results })
    return step
  }

  /** Ends a turn that was stopped or failed: calls without an outcome are answered truthfully. */
  readonly close: Effect.Effect<void> = Effect.map(Clock.monotonicTimeNanos, (now) => {
    this.end(now, ({ id }) => settleInterrupted(this.wasStarted(id)))
  })
}
