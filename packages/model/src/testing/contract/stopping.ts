/**
 * Who stops reading stops the model: the connection to the upstream is closed, at whatever moment.
 */
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import { askFor } from "../requests.ts"
import type { ContractCase, ContractSubject, ContractUpstream } from "./ContractSubject.ts"
import { same } from "./same.ts"

/** Interrupts an effect while its request, the nth, is held. */
const leave = Effect.fnUntraced(function* <E>(
  upstream: ContractUpstream,
  n: number,
  effect: Effect.Effect<unknown, E>
) {
  const fiber = yield* Effect.forkChild(effect)
  yield* Effect.promise(() => upstream.waitForHeld(n))
  yield* Fiber.interrupt(fiber)
  const exit = yield* Fiber.await(fiber)
  yield* same("interrupted", Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause), true)
  const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(n))
  yield* same("outcome", outcome, "closed_by_client")
})

/** Often enough that the moment varies. */
const rounds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

export const stopping = ({ over }: ContractSubject): ReadonlyArray<ContractCase> => [
  {
    name: "gives each piece as it comes, and closes the connection when enough was read",
    check: over({ text: "abc", chunks: 1, hold: 2 }, (model, upstream) =>
      Effect.gen(function* () {
        const pieces = model.stream(askFor()).pipe(Stream.filter(({ type }) => type === "content_block_delta"))
        yield* same("pieces", (yield* Stream.runCollect(Stream.take(pieces, 2))).length, 2)
        const { outcome } = yield* Effect.promise(() => upstream.waitForClosed(1))
        yield* same("outcome", outcome, "closed_by_client")
      })
    )
  },
  ...(["start", 0, 1, 3] as const).map((hold) => ({
    name: `closes the connection when its stream is left, held at ${hold}`,
    check: over({ text: "a long answer", chunks: 1, hold }, (model, upstream) =>
      Effect.forEach(rounds, (round) => leave(upstream, round, Stream.runDrain(model.stream(askFor()))), {
        discard: true
      })
    )
  })),
  ...(["start", 0] as const).map((hold) => ({
    name: `closes the connection when a whole answer is no longer waited for, held at ${hold}`,
    check: over({ text: "a long answer", hold }, (model, upstream) => leave(upstream, 1, model.generate(askFor())))
  }))
]
