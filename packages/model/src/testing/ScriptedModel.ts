/**
 * A model that answers from a script, in memory, for tests of everything above `LanguageModel`.
 * Each request takes the next reply; the requests are kept, so that a test can see what was sent.
 */
import { Effect, Ref, Stream } from "effect"
import type { ContentBlock, JsonObject } from "../ContentBlock.ts"
import { type ModelError, StreamInterrupted } from "../errors.ts"
import { eventsOf } from "../foldEvents.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelReply, ModelRequest, Usage } from "../Message.ts"

/** One answer: text and tool calls, or exact blocks; a failure; or a function of the request. */
export interface ScriptedReply {
  readonly text?: string
  readonly toolCalls?: ReadonlyArray<{ readonly name: string; readonly input: JsonObject; readonly id?: string }>
  readonly content?: ReadonlyArray<ContentBlock>
  readonly stopReason?: string
  readonly usage?: Usage
  /** Fail instead of answering. */
  readonly error?: ModelError
  /** Wait for this before the answer starts; use it to act in the middle of a turn. */
  readonly waitFor?: Effect.Effect<void>
}

/** A model that answers from a script, and what it was asked. */
export interface ScriptedModel {
  readonly model: LanguageModel["Service"]
  /** What was asked so far, oldest first. */
  readonly requests: Effect.Effect<ReadonlyArray<ModelRequest>>
}

const replyOf = (scripted: ScriptedReply, number: number): ModelReply => {
  const calls = (scripted.toolCalls ?? []).map((call, index): ContentBlock => ({
    type: "tool_use",
    id: call.id ?? `toolu_${number}_${index}`,
    name: call.name,
    input: call.input
  }))
  const text: ReadonlyArray<ContentBlock> = scripted.text === undefined ? [] : [{ type: "text", text: scripted.text }]
  return {
    id: `msg_scripted_${number}`,
    model: "scripted",
    content: scripted.content ?? [...text, ...calls],
    stop_reason: scripted.stopReason ?? (calls.length > 0 ? "tool_use" : "end_turn"),
    stop_sequence: null,
    usage: scripted.usage ?? { input_tokens: 10, output_tokens: 5 }
  }
}

/** Makes a model that gives the replies in order, and fails with `StreamInterrupted` when there are no more. */
export const scriptedModel = (
  replies: ReadonlyArray<ScriptedReply | ((request: ModelRequest) => ScriptedReply)>
): Effect.Effect<ScriptedModel> =>
  Effect.gen(function* () {
    const requests = yield* Ref.make<ReadonlyArray<ModelRequest>>([])
    const stream = (request: ModelRequest) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const number = (yield* Ref.getAndUpdate(requests, (all) => [...all, request])).length
          const next = replies[number]
          if (next === undefined) {
            return yield* new StreamInterrupted({
              provider: "scripted",
              reason: `there is no reply ${number + 1} in the script`
            })
          }
          const scripted = typeof next === "function" ? next(request) : next
          if (scripted.waitFor !== undefined) yield* scripted.waitFor
          if (scripted.error !== undefined) return yield* Effect.fail(scripted.error)
          return Stream.fromIterable(eventsOf(replyOf(scripted, number)))
        })
      )
    return {
      model: makeLanguageModel({ provider: "scripted", defaultModel: "scripted", stream }),
      requests: Ref.get(requests)
    }
  })
