/**
 * Hooks of a configuration on their way into a cassette and out of one: what each said and how it ended, not what it was told,
 * which the rest of the cassette has. In a replay no command of theirs runs, until models answer live.
 */
import { IsWithinAnswer, outsideTurn, type Player, type Recorder } from "@signalbox/conversation/replay"
import { Effect, Result, Schema } from "effect"
import type { HookQuestion, HookSeam } from "../rules/hooks/HookSeam.ts"
import type { HookEnd, HookTrouble } from "../rules/hooks/runHook.ts"

const Answer = Schema.Union([
  Schema.Struct({ exitCode: Schema.Int, stdout: Schema.String, stderr: Schema.String }),
  Schema.Struct({ trouble: Schema.String })
])
const decodeAnswer = Schema.decodeUnknownResult(Answer)

/** Which one of all questions it is. */
const identityOf = ({ hook, input }: HookQuestion) => ({
  hook,
  event: input.event,
  conversation: input.conversation_id,
  ...("step" in input ? { step: input.step } : {}),
  ...("call_id" in input ? { call: input.call_id } : {})
})

/** The end of a session is the end of the program, for a recording and for a replay. */
const isTold = ({ input }: HookQuestion): boolean => input.event !== "session-end"

/** Sessions that nobody said anything in are not begun again. */
const turnOf = ({ input }: HookQuestion, turn: number): number => (input.event === "session-start" ? 0 : turn)

/** Hooks whose answers are written down. */
export const recordedHooks =
  (recorder: Recorder): HookSeam =>
  (question, run) =>
    Effect.gen(function* () {
      if (!isTold(question) || (yield* IsWithinAnswer)) return yield* run
      const turn = turnOf(question, recorder.turn())
      const ended = yield* Effect.result(outsideTurn(run))
      const answer: typeof Answer.Type = Result.match(ended, {
        onSuccess: (end) => end,
        onFailure: ({ reason }) => ({ trouble: reason })
      })
      recorder.note({ type: "answer", turn, kind: "hook", question: identityOf(question), answer })
      return yield* Effect.fromResult(ended)
    })

/** Has nothing to say. */
const silent: HookEnd = { exitCode: 0, stdout: "", stderr: "" }

/** Hooks that answer as they did. Where models answer live, they are run. */
export const playedHooks =
  (player: Player): HookSeam =>
  (question, run) =>
    Effect.gen(function* () {
      if (player.isLive()) return yield* run
      if (!isTold(question) || (yield* IsWithinAnswer)) return silent
      const entry = yield* player.answer("hook", identityOf(question))
      const answer = Result.getOrUndefined(decodeAnswer(entry?.answer))
      if (answer === undefined) return silent
      if (!("trouble" in answer)) return answer
      return yield* Effect.fail<HookTrouble>({ _tag: "HookTrouble", reason: answer.trouble })
    })
