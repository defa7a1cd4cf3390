/**
 * A turn as one JSON message: what a stream would have said, gathered in the same order.
 */
import {
  type ContentBlock,
  emptyFold,
  type EventFold,
  foldEvent,
  type ServedEvent,
  type ServedStep
} from "@signalbox/model"
import { Cause, Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import type { DialectRequest } from "./Dialect.ts"
import { refuse, type RequestIds } from "./edge.ts"
import type { StartedTurn } from "./servedTurn.ts"
import type { Shown } from "./streamedReply.ts"

interface Collected {
  readonly steps: ReadonlyArray<ServedStep>
  readonly fold: EventFold
  readonly stopReason: string | undefined
}

const nothing: Collected = { steps: [], fold: emptyFold, stopReason: undefined }

/** Results follow the step that asked for them, so there is always one. */
const addResult = (
  steps: ReadonlyArray<ServedStep>,
  { isWaiting = false, result }: Extract<ServedEvent, { type: "result" }>
): ReadonlyArray<ServedStep> =>
  steps.map((step, index) => {
    if (index !== steps.length - 1) return step
    const waiting = isWaiting ? { waiting: new Set([...(step.waiting ?? []), result.tool_use_id]) } : {}
    return { ...step, results: [...step.results, result], ...waiting }
  })

const collect = (collected: Collected, input: ServedEvent): Collected => {
  switch (input.type) {
    case "model": {
      const fold = foldEvent(collected.fold, input.event)
      if (!fold.isComplete) return { ...collected, fold }
      return { ...collected, fold: emptyFold, steps: [...collected.steps, { reply: fold.reply, results: [] }] }
    }
    case "result":
      return { ...collected, steps: addResult(collected.steps, input) }
    case "end":
      return { ...collected, stopReason: input.stopReason }
    default:
      return collected
  }
}

const withRunBy = (turn: StartedTurn) => (block: ContentBlock) =>
  block.type === "tool_use" && block.runBy === undefined ? { ...block, runBy: turn.runBy(block.name) } : block

/**
 * The answer, when all is done. Official clients repeat a request that failed in passing; they are told not to
 * once a tool has acted, for it would act again.
 */
export const wholeReply = <Request extends DialectRequest>(
  turn: StartedTurn,
  { created, dialect, headers, request }: Omit<Shown<Request>, "estimatedTokens">,
  ids: RequestIds
) =>
  turn.inputs.pipe(
    Stream.runFold(() => nothing, collect),
    Effect.map(({ steps, stopReason }) => {
      const marked = steps.map(({ reply, ...step }) => ({
        ...step,
        reply: { ...reply, content: reply.content.map(withRunBy(turn)) }
      }))
      const end = stopReason === undefined ? {} : { stopReason }
      const served = {
        id: dialect.idOf(ids.digits),
        model: request.model,
        steps: marked,
        approvals: turn.approvals,
        ...end
      }
      return HttpServerResponse.jsonUnsafe(dialect.reply(served, { created, request }), {
        headers: { ...ids.headers, ...headers() }
      })
    }),
    Effect.catchCause((cause) =>
      turn.hasActed() && !Cause.hasInterruptsOnly(cause)
        ? refuse(dialect.failure, cause, ids, { "x-should-retry": "false" })
        : Effect.failCause(cause)
    )
  )
