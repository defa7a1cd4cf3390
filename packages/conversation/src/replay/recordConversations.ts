/**
 * Conversations that are recorded: what is said, what is asked back and answered, what happens, and which times and random
 * numbers the turns get.
 */
import { CorrelationId, toJson } from "@signalbox/errors"
import { Interaction } from "@signalbox/model"
import { Cause, Clock, Effect, Exit, Random, Stream } from "effect"
import type { ConversationClient, StartOptions } from "../ConversationClient.ts"
import type { ConversationSession } from "../ConversationSession.ts"
import type { SendOptions } from "../SessionOptions.ts"
import { collectTurn } from "../turn.ts"
import { surroundings, TurnSurroundings } from "../turnSurroundings.ts"
import type { EntryOf } from "./Cassette.ts"
import { describeEvent } from "./describeEvent.ts"
import { makeJoiner } from "./joinDeltas.ts"
import type { Recorder } from "./Recorder.ts"
import { makeNotingClock } from "./turnClock.ts"
import { IsWithinAnswer, IsWithinTurn, questionOf, seededRandom, TurnSeed } from "./within.ts"

const newSeed = Effect.map(Random.next, (number) => number.toString(36).slice(2))

const whole = <A, E>(effect: Effect.Effect<A, E>) => Effect.provideService(effect, IsWithinAnswer, true)

/** Whom tools ask, with the answers noted. */
const noting = (recorder: Recorder, turn: number, interaction: Interaction): Interaction => {
  const note = (kind: "approve" | "elicit" | "sample", question: unknown) => (answer: unknown) =>
    Effect.sync(() => recorder.note({ type: "answer", turn, kind, question, answer: answer ?? null }))
  return {
    progress: interaction.progress,
    approve: (request) => Effect.tap(whole(interaction.approve(request)), note("approve", questionOf(request))),
    elicit: (request, asker) =>
      Effect.tap(whole(interaction.elicit(request, asker)), note("elicit", { request, asker })),
    sample: (request, asker) =>
      Effect.tap(whole(interaction.sample(request, asker)), note("sample", { request, asker }))
  }
}

/** What of a choice is found again when it is replayed. */
const choiceOf = ({ answeredBy, tools }: Pick<SendOptions, "answeredBy" | "tools">) => ({
  ...(answeredBy?.name === undefined ? {} : { answeredBy: answeredBy.name }),
  ...(tools === undefined ? {} : { tools })
})

/** Whoever stops reading has stopped the turn. */
const endingOf = (
  exit: Exit.Exit<unknown, unknown>,
  isFinished: boolean
): Pick<EntryOf<"turn_end">, "ending" | "error"> => {
  if (isFinished) return { ending: "finished" }
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return { ending: "stopped" }
  return { ending: "failed", error: toJson(Cause.squash(exit.cause)) }
}

const recordSession = (recorder: Recorder, session: ConversationSession, given: StartOptions): ConversationSession => {
  const send: ConversationSession["send"] = (content, options: SendOptions = {}) =>
    Stream.unwrap(
      Effect.gen(function* (): Effect.fn.Return<ReturnType<ConversationSession["send"]>> {
        if (yield* IsWithinTurn) return session.send(content, options)
        const turn = recorder.beginTurn()
        const correlationId = options.correlationId ?? (yield* CorrelationId)
        const seed = (yield* TurnSeed) ?? (yield* newSeed)
        const random = yield* seededRandom(seed)
        const { clock, take } = makeNotingClock(yield* Clock.Clock)
        const around = yield* surroundings
        const interaction = options.interaction ?? given.interaction ?? Interaction.decline
        recorder.note({
          type: "input",
          turn,
          conversation: session.id,
          content,
          correlationId: correlationId ?? null,
          ...choiceOf(options),
          seed
        })
        const readings = () => {
          const read = take()
          if (read !== undefined) recorder.note({ type: "clock", turn, ...read })
        }
        const joiner = makeJoiner()
        const noteEvents = (joined: ReturnType<typeof joiner.end>) => {
          for (const { event, pieces } of joined) {
            const more = pieces === 1 ? {} : { pieces }
            recorder.note({ type: "event", turn, event: describeEvent(event), ...more })
          }
        }
        let isFinished = false
        const end = <A, E>(exit: Exit.Exit<A, E>) => {
          // What is read when all is over is no part of the turn.
          if (!isFinished) readings()
          noteEvents(joiner.end())
          recorder.note({ type: "turn_end", turn, ...endingOf(exit, isFinished) })
          return recorder.written
        }
        const events = session.send(content, { ...options, interaction: noting(recorder, turn, interaction) })
        return events.pipe(
          Stream.tap((event) =>
            Effect.sync(() => {
              readings()
              isFinished ||= event.type === "turn_end"
              noteEvents(joiner.next(event))
            })
          ),
          Stream.onExit(end),
          Stream.provideService(IsWithinTurn, true),
          Stream.provideService(TurnSurroundings, around),
          Stream.provideService(Clock.Clock, clock),
          Stream.provideService(Random.Random, random)
        )
      })
    )
  const conversation = session.id
  return {
    ...session,
    send,
    rewind: (point) =>
      Effect.tap(session.rewind(point), () =>
        Effect.sync(() => recorder.note({ type: "rewind", conversation, point }))
      ),
    compact: (options = {}) =>
      Effect.suspend(() => {
        recorder.note({ type: "compact", conversation, ...choiceOf(options) })
        return session.compact(options)
      })
  }
}

/** A client whose conversations are recorded; `ask` as well. */
export const recordConversations = (
  recorder: Recorder,
  client: ConversationClient["Service"]
): ConversationClient["Service"] => {
  const recorded = new WeakMap<ConversationSession, ConversationSession>()
  const begun = Effect.fnUntraced(function* (session: ConversationSession, given: StartOptions) {
    if (yield* IsWithinTurn) return session
    recorder.note({ type: "conversation", id: session.id, history: yield* session.history })
    const made = recordSession(recorder, session, given)
    recorded.set(session, made)
    return made
  })
  const known = (session: ConversationSession) => recorded.get(session) ?? session
  const start: ConversationClient["Service"]["start"] = (given = {}) =>
    Effect.flatMap(client.start(given), (session) => begun(session, given))
  return {
    ...client,
    start,
    fork: (from, given = {}) => Effect.flatMap(client.fork(from, given), (session) => begun(session, given)),
    get: (id) => Effect.map(client.get(id), known),
    list: Effect.map(client.list, (sessions) => sessions.map(known)),
    ask: (content, given) =>
      Effect.acquireUseRelease(
        start(given),
        (session) => collectTurn(session.send(content, given)),
        (session) => session.close
      )
  }
}
