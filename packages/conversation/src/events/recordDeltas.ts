/**
 * Keeps the text of an answer while it is still coming, some pieces at a time: after a crash, what had come can be read.
 */
import { type LanguageModel, makeLanguageModel, type ModelEvent } from "@signalbox/model"
import { type Cause, Effect, Fiber, Queue, Stream } from "effect"
import { outsideTurn } from "../turnSurroundings.ts"
import type { NewEvent } from "./ChatEvent.ts"
import type { StoreError } from "./errors.ts"
import { deltaKind } from "./EventLog.ts"

/** How many pieces go into one write, and how long the first of them waits for the others. */
const piecesPerWrite = 25
const longestWait = "250 millis"

export interface RecordDeltasOptions {
  readonly requestId: string
  /** How many pieces of this request there are already. */
  readonly from: number
  readonly add: (events: ReadonlyArray<NewEvent>) => Effect.Effect<unknown, StoreError>
}

const textOf = (event: ModelEvent): string | undefined =>
  event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : undefined

/** The same model, whose streamed text is kept. All of it is when the stream has ended. */
export const recordDeltas =
  ({ add, from, requestId }: RecordDeltasOptions) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    let index = from

    const write = (texts: ReadonlyArray<string>) =>
      add(
        texts.map((text) => ({
          type: "meta",
          role: "system",
          kind: deltaKind,
          data: { text },
          request_id: requestId,
          index: index++
        }))
      ).pipe(
        // The answer itself is recorded when it is whole, and that failure is told.
        Effect.catch((error) => Effect.logWarning("Pieces of an answer could not be kept.", error.message))
      )

    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      generate: model.generate,
      countTokens: model.countTokens,
      stream: (request) =>
        Stream.unwrap(
          Effect.gen(function* () {
            const queue = yield* Queue.unbounded<string, Cause.Done>()
            const writer = yield* Stream.fromQueue(queue).pipe(
              Stream.groupedWithin(piecesPerWrite, longestWait),
              Stream.runForEach(write),
              outsideTurn,
              Effect.forkScoped
            )
            return model.stream(request).pipe(
              Stream.mapArray((events) => {
                for (const event of events) {
                  const text = textOf(event)
                  if (text !== undefined) Queue.offerUnsafe(queue, text)
                }
                return events
              }),
              Stream.ensuring(Effect.andThen(Queue.end(queue), Fiber.await(writer)))
            )
          })
        )
    })
  }
