/**
 * A conversation that goes on: a history, and one turn at a time over it.
 * Whatever ends a turn (the model, a failure, an interruption), the history is valid afterwards and holds what
 * really happened, so the next turn works. A session stays open after an answer.
 */
import {
  type ContentBlock,
  makeSteadyToolbox,
  type Message,
  type ModelError,
  narrowToolbox,
  type Toolbox
} from "@signalbox/model"
import { DateTime, Deferred, Duration, Effect, Exit, Semaphore, Stream } from "effect"
import { compactHistory, compactionNotice, type Compaction } from "./context/compactHistory.ts"
import { compactNow, type CompactResult } from "./context/compactNow.ts"
import { contextTools } from "./context/contextTools.ts"
import { leaveTurns, withSummary } from "./context/cuts.ts"
import type { TurnContext } from "./context/TurnContext.ts"
import { SessionClosed } from "./errors.ts"
import { answerAgain } from "./events/answerAgain.ts"
import type { PointNotFound, StoreError } from "./events/errors.ts"
import { forkOriginsOf } from "./events/conversationOverview.ts"
import { closeOthers, openTurn, type RecordedConversation, recordedHistory } from "./events/recordedTurn.ts"
import { type Rewound, rewindLocked } from "./events/rewind.ts"
import { storeOutsideTurn } from "./events/storeOutsideTurn.ts"
import { summaryNote } from "./events/summaryNotes.ts"
import { type HistoryPoint, placedTurns, pointOf, type TurnPoint } from "./events/turnPoints.ts"
import { appendUser } from "./history.ts"
import type { Journal } from "./Journal.ts"
import { messagePoints, rewindMessages } from "./messagePoints.ts"
import type { AnsweringModel, SendOptions, SessionOptions } from "./SessionOptions.ts"
import { countTurn, noCounters, type SessionSummary } from "./SessionSummary.ts"
import { observeTurn, type TurnEffect, type TurnError } from "./turn.ts"
import type { TurnEvent } from "./TurnEvent.ts"
import { afterHooks, type HookCall } from "./TurnHooks.ts"
import type { TurnOptions } from "./TurnOptions.ts"
import { TurnProgress } from "./TurnProgress.ts"
import type { TurnResult } from "./TurnResult.ts"

/**
 * One conversation: its history, and one turn at a time. A turn that fails leaves the history as it can be gone on
 * with.
 */
export interface ConversationSession {
  readonly id: string
  /**
   * Says something and runs the turn that answers it; a turn that is running is waited for. Results of the
   * caller's tools (`tool_result` blocks) go on with a turn that ended with `tool_use`; pending calls that get
   * none are answered as not run. Empty content adds no message: use it to go on after a failure.
   */
  readonly send: (
    content: string | ReadonlyArray<ContentBlock>,
    options?: SendOptions
  ) => Stream.Stream<TurnEvent, TurnError | StoreError | SessionClosed>
  /** All messages so far, a summary in the place of those that were compacted. What a running turn adds is there when it ends. */
  readonly history: Effect.Effect<ReadonlyArray<Message>>
  readonly summary: Effect.Effect<SessionSummary>
  /** The points that one can go back to, oldest first. */
  readonly turns: Effect.Effect<ReadonlyArray<TurnPoint>, StoreError>
  /**
   * Goes back to a point, once no turn runs any more: what came later is no part of the conversation. Where it is kept, that
   * stays in its records. What tools have done stays done; the answer names the calls.
   */
  readonly rewind: (point: HistoryPoint) => Effect.Effect<Rewound, PointNotFound | StoreError | SessionClosed>
  /**
   * Puts a summary in the place of the older turns now, as `context.summary` says, once no turn runs any more. Says why not, where
   * nothing would be gained. `answeredBy` is the model that goes on with it, where that is not the one of the session.
   */
  readonly compact: (
    options?: Pick<SendOptions, "answeredBy">
  ) => Effect.Effect<CompactResult, ModelError | StoreError | SessionClosed>
  /** Since when nobody has sent anything; `undefined` while a turn runs or waits. */
  readonly idleSince: Effect.Effect<DateTime.Utc | undefined>
  /** Stops a running turn and waits for its end. Every later `send` fails. */
  readonly close: Effect.Effect<void>
}

const blocksOf = (content: string | ReadonlyArray<ContentBlock>): ReadonlyArray<ContentBlock> =>
  typeof content === "string" ? [{ type: "text", text: content }] : content

const makeSession = Effect.fnUntraced(function* (options: SessionOptions) {
  const { id } = options
  const tools = makeSteadyToolbox(options.toolbox)
  const lock = yield* Semaphore.make(1)
  const closed = yield* Deferred.make<never, SessionClosed>()
  const failIfClosed = Effect.suspend(() => (Deferred.isDoneUnsafe(closed) ? Deferred.await(closed) : Effect.void))
  const untilClosed = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.raceFirst(effect, Deferred.await(closed))
  const kept = keptConversation(options)
  const origins = options.origins ?? (yield* originsOf(kept))
  let history = kept === undefined ? (options.history ?? []) : yield* recordedHistory(kept)
  let counters = noCounters
  let sends = 0
  let lastUsed = yield* DateTime.now
  let running: Deferred.Deferred<void> | undefined

  const use = Effect.acquireRelease(
    Effect.sync(() => {
      sends++
    }),
    () =>
      Effect.map(DateTime.now, (now) => {
        sends--
        lastUsed = now
      })
  )

  /** Runs a turn until it ends or the session is closed, and puts what it did into the history either way. */
  const keep =
    (progress: TurnProgress, ended: Deferred.Deferred<void>, before: ReadonlyArray<Message>, record: RecordEnd) =>
    (turn: TurnEffect): TurnEffect<StoreError | SessionClosed> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(restore(Effect.raceFirst(turn, Deferred.await(closed))))
          yield* progress.close
          const recorded = yield* Effect.exit(record(progress, exit))
          history = [...before, ...progress.messages]
          counters = countTurn(counters, progress.steps)
          running = undefined
          yield* Deferred.succeed(ended, undefined)
          // Nobody is told of an answer that is not kept.
          return yield* Exit.isFailure(exit) ? exit : Effect.as(recorded, exit.value)
        })
      )

  const answeredBy = ({ answeredBy: { context, model } = options }: SendOptions): AnsweringModel => ({
    model,
    ...contextOf(readingOf(context, origins))
  })

  const callOf = (given: SendOptions): HookCall => ({
    principal: given.principal ?? options.call.principal,
    interaction: given.interaction ?? options.call.interaction,
    conversationId: id,
    correlationId: given.correlationId,
    deadline: given.deadline
  })

  const turnOf = (
    given: SendOptions,
    toolbox: Toolbox["Service"],
    made: Pick<TurnOptions, "messages" | "model" | "journal" | "turnId">
  ): TurnOptions => ({
    toolbox,
    limits: { ...options.limits, ...given.limits },
    hooks: options.hooks,
    ...(options.approval === undefined ? {} : { approval: options.approval }),
    ...contextOf(answeredBy(given).context),
    request: options.request,
    call: callOf(given),
    ...made
  })

  /** What a model would be asked, as far as it matters for its length. */
  const requestWith = (
    messages: ReadonlyArray<Message>,
    toolbox: Toolbox["Service"],
    { context = {} }: AnsweringModel = options
  ) => {
    const { request } = options
    return Effect.map(contextTools(toolbox, context).offer(messages, request.toolChoice), (tools) => ({
      ...request,
      model: request.model ?? "",
      messages,
      tools
    }))
  }

  /** What a summary is to stand for, where the history leaves too little room for what is said next. */
  const compactFor =
    (
      content: ReadonlyArray<ContentBlock>,
      toolbox: Toolbox["Service"],
      answering: AnsweringModel,
      tell: (notice: Notice) => void
    ) =>
    (before: ReadonlyArray<Message>) =>
      Effect.gen(function* () {
        const { context, model } = answering
        if (context?.summary === undefined) return undefined
        const messages = appendUser(before, content)
        const asked = yield* requestWith(messages, toolbox, answering)
        const compaction = yield* compactHistory({ context, model, request: asked, given: before.length })
        if (compaction !== undefined) tell({ type: "notice", ...compactionNotice(compaction) })
        return compaction?._tag === "Compacted" ? compaction : undefined
      })

  /** A turn that is gone with the program. */
  const passing = Effect.fnUntraced(function* (
    content: ReadonlyArray<ContentBlock>,
    given: SendOptions,
    compactBefore: CompactBefore
  ): Effect.fn.Return<OpenedTurn> {
    const compacted = yield* compactBefore(history)
    if (compacted !== undefined) history = withSummary(leaveTurns(history, compacted.turnsLeft), compacted.summary)
    const messages = appendUser(history, content)
    history = messages
    return {
      _tag: "Open",
      messages,
      model: answeredBy(given).model,
      journalOf: () => options.journal,
      end: () => Effect.void,
      ...(given.turnId === undefined ? {} : { turnId: given.turnId })
    }
  })

  /** A turn of a conversation that is kept. Other programs wait until it is over. */
  const recorded = Effect.fnUntraced(function* (
    conversation: RecordedConversation,
    content: ReadonlyArray<ContentBlock>,
    given: SendOptions,
    compactBefore: CompactBefore
  ) {
    const { requestId } = given
    yield* conversation.store.lockTurn(id, Duration.infinity)
    const named = requestId === undefined ? {} : { requestId }
    const hooks = afterHooks(options.hooks, callOf(given))
    const request = { content, hooks, compact: compactBefore, ...named }
    const opened = yield* openTurn(conversation, request)
    if (opened._tag === "Answered") {
      history = yield* recordedHistory(conversation)
      return opened
    }
    history = opened.messages
    return { ...opened, model: opened.recording(answeredBy(given).model) }
  })

  const send: ConversationSession["send"] = (content, given = {}) =>
    Stream.unwrap(
      Effect.gen(function* () {
        yield* failIfClosed
        yield* use
        yield* Semaphore.takeScoped(lock, 1)
        const ended = yield* Deferred.make<void>()
        yield* Effect.addFinalizer(() => Deferred.succeed(ended, undefined))
        yield* failIfClosed
        const blocks = blocksOf(content)
        const toolbox = narrowed(yield* tools.forTurn, given)
        const notices: Array<TurnEvent> = []
        const compactBefore = compactFor(blocks, toolbox, answeredBy(given), (notice) => notices.push(notice))
        const opened =
          kept === undefined
            ? yield* untilClosed(passing(blocks, given, compactBefore))
            : yield* untilClosed(recorded(kept, blocks, given, compactBefore))
        if (opened._tag === "Answered") return answerAgain(opened, answeredBy(given).model.provider)
        running = ended
        const progress = new TurnProgress()
        const { end, journalOf, messages, model, turnId } = opened
        const made = { messages, model, journal: journalOf(progress), ...(turnId === undefined ? {} : { turnId }) }
        const turn = observeTurn(turnOf(given, toolbox, made), progress, keep(progress, ended, messages, end))
        return Stream.concat(Stream.fromIterable(notices), turn)
      })
    )

  /** Work on the history while no turn runs, in whichever program. */
  const between = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | StoreError | SessionClosed> =>
    Effect.gen(function* () {
      yield* failIfClosed
      yield* use
      yield* Semaphore.takeScoped(lock, 1)
      yield* failIfClosed
      if (kept !== undefined) yield* untilClosed(kept.store.lockTurn(id, Duration.infinity))
      return yield* work
    }).pipe(Effect.scoped)

  const rewind = Effect.fn("ConversationSession.rewind")(function* (point: HistoryPoint) {
    if (kept === undefined) {
      const { messages, rewound } = yield* rewindMessages(id, history, point)
      history = messages
      return rewound
    }
    const rewound = yield* rewindLocked(kept.store, id, point)
    history = yield* recordedHistory(kept)
    return rewound
  })

  const compact = Effect.fn("ConversationSession.compact")(function* (given: Pick<SendOptions, "answeredBy">) {
    if (kept !== undefined) {
      yield* closeOthers(kept, undefined, afterHooks(options.hooks, callOf({})))
      history = yield* recordedHistory(kept)
    }
    const answering = answeredBy(given)
    const { context, model } = answering
    const request = yield* requestWith(history, yield* tools.forTurn, answering)
    const result = yield* compactNow({ context, model, request })
    if (result._tag === "NotCompacted") return result
    if (kept !== undefined)
      yield* kept.store.addEvent(id, summaryNote(yield* kept.store.getEvents(id, { include: "all" }), result))
    history = withSummary(leaveTurns(history, result.turnsLeft), result.summary)
    return result
  })

  const session: ConversationSession = {
    id,
    send,
    turns:
      kept === undefined
        ? Effect.sync(() => messagePoints(history))
        : Effect.map(kept.store.getEvents(id, { include: "all" }), (events) => placedTurns(events).map(pointOf)),
    rewind: (point) => between(rewind(point)),
    compact: (given = {}) => between(untilClosed(compact(given))),
    history: Effect.sync(() => history),
    summary: Effect.sync(() => ({
      id,
      ...counters,
      messages: history.length,
      successRate: counters.toolCalls === 0 ? 1 : counters.successfulCalls / counters.toolCalls
    })),
    idleSince: Effect.sync(() => (sends === 0 ? lastUsed : undefined)),
    close: Effect.suspend(() => {
      Deferred.doneUnsafe(closed, Effect.fail(new SessionClosed({ sessionId: id })))
      return running === undefined ? Effect.void : Deferred.await(running)
    })
  }
  return session
})

type Notice = Extract<TurnEvent, { type: "notice" }>

type CompactBefore = (
  history: ReadonlyArray<Message>
) => Effect.Effect<Extract<Compaction, { _tag: "Compacted" }> | undefined>

type RecordEnd = (progress: TurnProgress, exit: Exit.Exit<TurnResult, unknown>) => Effect.Effect<unknown, StoreError>

/** What a turn is made of beside what its session is. */
interface OpenedTurn extends Pick<TurnOptions, "messages" | "model" | "turnId"> {
  readonly _tag: "Open"
  readonly journalOf: (progress: TurnProgress) => Journal["Service"]
  readonly end: RecordEnd
}

const narrowed = (toolbox: Toolbox["Service"], { tools }: SendOptions): Toolbox["Service"] =>
  tools === undefined ? toolbox : narrowToolbox(toolbox, ({ name }) => tools.includes(name))

const contextOf = (context: TurnContext | undefined): Pick<TurnOptions, "context"> =>
  context === undefined ? {} : { context }

const originsOf = (kept: RecordedConversation | undefined): Effect.Effect<ReadonlyArray<string>, StoreError> =>
  kept === undefined
    ? Effect.succeed([])
    : Effect.map(kept.store.getEvents(kept.conversationId, { include: "all" }), (events) =>
        forkOriginsOf(events).map(({ conversationId }) => conversationId)
      )

/** Long results that stand in a history are read where they are kept. */
const readingOf = (context: TurnContext | undefined, origins: ReadonlyArray<string>): TurnContext | undefined =>
  context?.results === undefined || origins.length === 0
    ? context
    : { ...context, results: { ...context.results, alsoReads: origins } }

const keptConversation = ({ id, store, window }: SessionOptions): RecordedConversation | undefined =>
  store === undefined
    ? undefined
    : { store: storeOutsideTurn(store), conversationId: id, ...(window === undefined ? {} : { window }) }

export const ConversationSession = {
  /**
   * A session on its own. Most programs get theirs from a `ConversationClient`, which counts and closes them. It fails when the
   * conversation is kept and cannot be read.
   */
  make: (options: SessionOptions): Effect.Effect<ConversationSession, StoreError> => makeSession(options)
}
