/**
 * Stop sequences that the upstream does not know, or does not say: found in the text as it comes. The answer ends
 * before the first one, whatever the server sends after it, and says which it was.
 */
import { type ModelEvent, noUsage, type Usage } from "@signalbox/model"
import type { StreamDecoder } from "@signalbox/model/http"
import { Result } from "effect"

/** A decoder's state, and the text that may be the beginning of a stop sequence. */
export interface StopState<S> {
  readonly inner: S
  readonly held: string
  readonly isInText: boolean
  readonly found: string | undefined
}

/** Where the earliest sequence begins; of those that begin there, the first of the list. */
const findFirst = (text: string, sequences: ReadonlyArray<string>) => {
  let first: { readonly at: number; readonly sequence: string } | undefined
  for (const sequence of sequences) {
    const at = text.indexOf(sequence)
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, sequence }
  }
  return first
}

/** How much of the end of a text may belong to a sequence. */
const heldLength = (text: string, sequences: ReadonlyArray<string>): number =>
  Math.max(
    0,
    ...sequences.map((sequence) => {
      for (let length = Math.min(sequence.length - 1, text.length); length > 0; length--) {
        if (sequence.startsWith(text.slice(-length))) return length
      }
      return 0
    })
  )

const textDelta = (index: number, text: string): ReadonlyArray<ModelEvent> =>
  text === "" ? [] : [{ type: "content_block_delta", index, delta: { type: "text_delta", text } }]

type DeltaUsage = Extract<ModelEvent, { type: "message_delta" }>["usage"]

const ending = (index: number, sequence: string, usage: DeltaUsage): ReadonlyArray<ModelEvent> => [
  { type: "content_block_stop", index },
  { type: "message_delta", delta: { stop_reason: "stop_sequence", stop_sequence: sequence }, usage },
  { type: "message_stop" }
]

/** Ends answers at stop sequences. `usageOf` counts an answer that the server has not ended yet. */
export const stopAt = <S>(
  decoder: StreamDecoder<S>,
  sequences: ReadonlyArray<string>,
  usageOf: (state: S) => Usage
): StreamDecoder<StopState<S>> => {
  const take = (before: StopState<S>, events: ReadonlyArray<ModelEvent>, inner: S) => {
    let { held, isInText } = before
    const out: Array<ModelEvent> = []
    for (const event of events) {
      if (event.type === "content_block_start") isInText = event.content_block.type === "text"
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
        const text = held + event.delta.text
        const found = findFirst(text, sequences)
        if (found !== undefined) {
          // Where the whole answer is at hand, its own count is better than ours.
          const counted = events.find((each) => each.type === "message_delta")?.usage ?? usageOf(inner)
          out.push(...textDelta(event.index, text.slice(0, found.at)), ...ending(event.index, found.sequence, counted))
          return [{ inner, held: "", isInText, found: found.sequence }, out] as const
        }
        held = text.slice(text.length - heldLength(text, sequences))
        out.push(...textDelta(event.index, text.slice(0, text.length - held.length)))
        continue
      }
      if (event.type === "content_block_stop" && isInText) {
        out.push(...textDelta(event.index, held))
        held = ""
        isInText = false
      }
      out.push(event)
    }
    return [{ inner, held, isInText, found: undefined }, out] as const
  }
  return {
    initial: { inner: decoder.initial, held: "", isInText: false, found: undefined },
    isComplete: ({ found, inner }) => found !== undefined || decoder.isComplete(inner),
    step: (state, data) =>
      state.found === undefined
        ? Result.map(decoder.step(state.inner, data), ([inner, events]) => take(state, events, inner))
        : Result.succeed([state, []])
  }
}

/** The events of a whole answer, cut in the same way. */
export const cutAt = (
  events: ReadonlyArray<ModelEvent>,
  sequences: ReadonlyArray<string>
): ReadonlyArray<ModelEvent> => {
  if (sequences.length === 0) return events
  const whole: StreamDecoder<undefined> = {
    initial: undefined,
    step: () => Result.succeed([undefined, events]),
    isComplete: () => true
  }
  const decoder = stopAt(whole, sequences, () => noUsage)
  return Result.match(decoder.step(decoder.initial, undefined), {
    onSuccess: ([, cut]) => cut,
    onFailure: () => events
  })
}
