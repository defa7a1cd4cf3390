/**
 * The turns of a cassette, and how they are run again: with the times, random numbers and answers that they had.
 */
import { CorrelationId, toJson } from "@signalbox/errors"
import {
  type ApprovalDecision,
  type ContentBlock,
  type ElicitationAnswer,
  Interaction,
  type Message,
  type ModelReply
} from "@signalbox/model"
import { Cause, Clock, Effect, Random, Stream } from "effect"
import type { ConversationSession } from "../ConversationSession.ts"
import type { SendOptions } from "../SessionOptions.ts"
import type { TurnEvent } from "../TurnEvent.ts"
import { surroundings, TurnSurroundings } from "../turnSurroundings.ts"
import { type Cassette, entriesOf, type EntryOf } from "./Cassette.ts"
import { describeEvent } from "./describeEvent.ts"
import { firstDifference } from "./differences.ts"
import type { ReplayDiverged } from "./errors.ts"
import type { Player } from "./Player.ts"
import { makePlayingClock } from "./turnClock.ts"
import { questionOf, seededRandom, TurnSeed } from "./within.ts"

/** One turn as it was recorded. */
export interface RecordedTurn {
  readonly turn: number
  readonly conversation: string
  readonly content: string | ReadonlyArray<ContentBlock>
  readonly correlationId: string | undefined
  /** The model that was chosen for it, by its name, and the only tools that it might use. */
  readonly answeredBy: string | undefined
  readonly tools: ReadonlyArray<string> | undefined
  readonly seed: string
  readonly millis: ReadonlyArray<number>
  readonly nanos: ReadonlyArray<number>
  readonly events: ReadonlyArray<unknown>
  /** How many events there were: some stand for several. */
  readonly count: number
  /** Absent where the recording ends within the turn. */
  readonly ending: EntryOf<"turn_end"> | undefined
}

/** The turns of a cassette, in order. */
export const turnsOf = (cassette: Cassette): ReadonlyArray<RecordedTurn> =>
  entriesOf(cassette, "input").map(({ answeredBy, content, conversation, correlationId, seed, tools, turn }) => {
    const isOf = (entry: { readonly turn: number }) => entry.turn === turn
    const clock = entriesOf(cassette, "clock").filter(isOf)
    const events = entriesOf(cassette, "event").filter(isOf)
    return {
      turn,
      conversation,
      // It was written down as what was said.
      content: content as RecordedTurn["content"],
      correlationId: correlationId ?? undefined,
      answeredBy,
      tools,
      seed,
      millis: clock.flatMap(({ millis }) => millis),
      nanos: clock.flatMap(({ nanos }) => nanos),
      events: events.map(({ event }) => event),
      count: events.reduce((count, { pieces = 1 }) => count + pieces, 0),
      ending: entriesOf(cassette, "turn_end").find(isOf)
    }
  })

/** What was done to a conversation between two turns: the one before it, 0 before the first. */
export interface RecordedChange {
  readonly after: number
  readonly change: EntryOf<"rewind"> | EntryOf<"compact">
}

/** What was done to the conversations of a cassette between their turns, in order. */
export const changesOf = ({ entries }: Cassette): ReadonlyArray<RecordedChange> => {
  let after = 0
  return entries.flatMap((entry) => {
    if (entry.type === "input") after = entry.turn
    return entry.type === "rewind" || entry.type === "compact" ? [{ after, change: entry }] : []
  })
}

/** A conversation of a cassette, and what was said before it was recorded. */
export const recordedConversation = (
  cassette: Cassette,
  id: string
): { readonly id: string; readonly history: ReadonlyArray<Message> } => {
  const entry = entriesOf(cassette, "conversation").find((known) => known.id === id)
  // It was written down as a history.
  return { id, history: (entry?.history ?? []) as ReadonlyArray<Message> }
}

/** Answers questions as they were answered. Where nobody answered such a question, it is declined. */
const playedInteraction = (player: Player, live: Interaction = Interaction.decline): Interaction => {
  const answerTo = <A, E>(
    kind: EntryOf<"answer">["kind"],
    question: unknown,
    otherwise: Effect.Effect<A, E>
  ): Effect.Effect<A, E> =>
    Effect.flatMap(player.answer(kind, question), (entry) =>
      // It was written down as such an answer.
      entry === undefined ? otherwise : Effect.succeed((entry.answer ?? undefined) as A)
    )
  return {
    approve: (request) => answerTo<ApprovalDecision, never>("approve", questionOf(request), live.approve(request)),
    elicit: (request, asker) =>
      answerTo<ElicitationAnswer, never>("elicit", { request, asker }, live.elicit(request, asker)),
    sample: (request, asker) =>
      answerTo<ModelReply | undefined, Effect.Error<ReturnType<Interaction["sample"]>>>(
        "sample",
        { request, asker },
        live.sample(request, asker)
      ),
    progress: live.progress
  }
}

/** How a turn is run again. */
export interface PlayOptions {
  /** Who answers questions that nobody was asked when it was recorded, after a fork; nobody where it is absent. */
  readonly live?: Interaction
  /** What the turn was sent with: the model that `answeredBy` of the recorded turn names. */
  readonly send?: Pick<SendOptions, "answeredBy" | "limits">
}

/**
 * Runs a recorded turn again. Its events are compared with those that were recorded; where it was stopped, it is stopped
 * after as many. Fails as the turn does, or where the replay diverges.
 */
export const playTurn = (
  player: Player,
  session: ConversationSession,
  recorded: RecordedTurn,
  options: PlayOptions = {}
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      player.enterTurn(recorded.turn)
      const around = yield* surroundings
      const clock = makePlayingClock(yield* Clock.Clock, recorded)
      const random = yield* seededRandom(recorded.seed)
      const compare = comparing(player, recorded)
      const interaction = playedInteraction(player, options.live)
      const events = session
        .send(recorded.content, {
          ...options.send,
          ...(recorded.tools === undefined ? {} : { tools: recorded.tools }),
          interaction,
          ...(recorded.correlationId === undefined ? {} : { correlationId: recorded.correlationId })
        })
        .pipe(
          Stream.tap((event) =>
            Effect.sync(() => {
              player.openTurn()
              compare.event(event)
            })
          ),
          Stream.takeWhile(() => !compare.isBehindEnd()),
          Stream.tapCause((cause) => Effect.sync(() => compare.failure(cause))),
          Stream.provideService(TurnSurroundings, around),
          Stream.provideService(Random.Random, random),
          Stream.provideService(Clock.Clock, clock),
          Stream.provideService(TurnSeed, recorded.seed),
          Stream.provideService(CorrelationId, recorded.correlationId)
        )
      return endingAs(recorded, player, events)
    })
  )

/** What has come until then is still told. */
const grace = "100 millis"

/** Ends where the recorded turn did: after as many events where it was stopped, or where no more of it is recorded. */
const endingAs = <E>(
  { count, ending }: RecordedTurn,
  player: Player,
  events: Stream.Stream<TurnEvent, E>
): Stream.Stream<TurnEvent, E | ReplayDiverged> => {
  const isWhole = ending !== undefined && ending.ending !== "stopped"
  const diverging = Stream.interruptWhen(events, player.diverged)
  if (isWhole || player.isLive()) return diverging
  const noMore = Effect.andThen(player.exhausted, Effect.sleep(grace))
  return Stream.interruptWhen(ending === undefined ? diverging : Stream.take(diverging, count), noMore)
}

/** Events that say what is said piece by piece; how it is cut is not what matters. */
const isPiece = (event: unknown): boolean => fieldOf(event, "type") === "model"

/** What a tool says while it runs may come late, or not at all. */
const isPassing = (event: unknown): boolean => fieldOf(event, "type") === "tool_progress"

const comparing = (player: Player, recorded: RecordedTurn) => {
  const left = recorded.events.filter((event) => !isPiece(event) && !isPassing(event))
  let isOver = false
  let isBehindEnd = false
  /** The first difference says what is different; all that follows from it would only hide it. */
  const tell = (difference: Parameters<Player["differ"]>[0]) => {
    if (!isOver && !player.isLive()) player.differ(difference)
    isOver = true
  }
  return {
    event: (event: TurnEvent) => {
      const now = player.mask.json(JSON.parse(JSON.stringify(describeEvent(event))))
      if (isPiece(now) || isPassing(now)) return
      const type = event.type
      // Calls that run side by side end in any order.
      const index = type === "tool_end" || type === "tool_start" ? left.findIndex((one) => isSameCall(one, now)) : 0
      const before = left[Math.max(index, 0)]
      if (player.isInCutTurn() && (before === undefined || index < 0)) {
        isBehindEnd = before === undefined
        return
      }
      left.splice(Math.max(index, 0), 1)
      const difference = firstDifference(before, now)
      if (difference === undefined) return
      tell({ kind: type === "turn_end" ? "text" : "event", subject: `the event ${type}`, ...difference })
    },
    /** What comes by now is not in the recording, which ends within the turn. */
    isBehindEnd: () => isBehindEnd,
    failure: (cause: Cause.Cause<unknown>) => {
      if (Cause.hasInterruptsOnly(cause) || player.isInCutTurn()) return
      const now = toJson(Cause.squash(cause)).error_code
      const before: unknown = fieldOf(recorded.ending?.error, "error_code")
      if (before === now || now === "REPLAY_DIVERGED") return
      tell({ kind: "event", subject: "the end of the turn", path: "error_code", recorded: before, now })
    }
  }
}

const fieldOf = (value: unknown, key: string): unknown => Reflect.get(Object(value), key)

const callIdOf = (event: unknown): unknown => fieldOf(event, "callId") ?? fieldOf(fieldOf(event, "call"), "id")

const isSameCall = (one: unknown, other: unknown): boolean =>
  fieldOf(one, "type") === fieldOf(other, "type") && callIdOf(one) === callIdOf(other)
