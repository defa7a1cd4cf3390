/**
 * Where questions of the `initialize` eras arrive: requests of the server's own, which may come at any time.
 * Each is answered once, unless the server takes it back; one that outlives its call is answered with a cancellation.
 */
import { Effect, Fiber, type Scope } from "effect"
import { answerQuestion, withdrawn } from "./answerQuestion.ts"
import type { ToolCall } from "./McpClient.ts"
import type { Questions } from "./Questions.ts"
import type { RunningCalls } from "./RunningCalls.ts"
import { isJsonObject, type RpcMessage } from "./wire.ts"

/** Takes questions as they come. */
export interface QuestionDesk {
  /** `call` is the one in whose exchange the question came, where the transport tells. */
  readonly ask: (question: RpcMessage, call: ToolCall | undefined) => void
  /** The server does not want the answer any more. */
  readonly withdraw: (id: unknown) => void
}

/** Opens the desk of one connection. Its scope interrupts what is still being asked. */
export const makeQuestionDesk = Effect.fnUntraced(function* (
  questions: Questions,
  calls: RunningCalls,
  send: (answer: RpcMessage) => void
) {
  const fork = Effect.runForkWith(yield* Effect.context<Scope.Scope>())
  const asked = new Map<unknown, Fiber.Fiber<void>>()
  yield* Effect.addFinalizer(() => Fiber.interruptAll(asked.values()))

  return {
    ask: ({ id, method = "", params }, named) => {
      const call = named ?? whoseQuestion(calls)
      const answer = answerQuestion(method, isJsonObject(params) ? params : {}, questions, call?.respondent)
      const inTime =
        call === undefined ? answer : Effect.raceFirst(answer, Effect.as(calls.ended(call), withdrawn(method)))
      // While it is we who think, the call is not idle.
      const idle = call === undefined ? undefined : calls.idle(call)
      idle?.pause()
      const fiber = fork(Effect.map(inTime, (content) => send({ jsonrpc: "2.0", id, ...content })))
      asked.set(id, fiber)
      fiber.addObserver(() => {
        if (asked.get(id) === fiber) asked.delete(id)
        if (call !== undefined && calls.idle(call) === idle) idle?.resume()
      })
    },
    withdraw: (id) => {
      const fiber = asked.get(id)
      if (fiber !== undefined) fork(Fiber.interrupt(fiber))
    }
  } satisfies QuestionDesk
})

/** The call that a question must belong to: the only one, or the latest when all speak for the same. */
const whoseQuestion = (calls: RunningCalls): ToolCall | undefined => {
  const all = [...calls.all()]
  const latest = all.at(-1)
  return all.every((call) => call.respondent?.id === latest?.respondent?.id) ? latest : undefined
}
