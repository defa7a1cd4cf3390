/**
 * A turn of a conversation that is kept. Opening it ends a turn that was lost, and finds out whether the request was answered
 * before; while it runs, each step is written down before the next begins; when it is over, it is all in the records.
 */
import { makeCorrelationId } from "@signalbox/errors"
import type { ContentBlock, Message } from "@signalbox/model"
import { DateTime, Effect, Exit } from "effect"
import { withSummary } from "../context/cuts.ts"
import { JournalUnwritable } from "../errors.ts"
import { appendUser, pendingCallsOf } from "../history.ts"
import type { Journal } from "../Journal.ts"
import type { AfterHooks } from "../TurnHooks.ts"
import type { TurnProgress } from "../TurnProgress.ts"
import type { TurnResult } from "../TurnResult.ts"
import { outsideTurn } from "../turnSurroundings.ts"
import type { ChatEvent, MetaEvent, NewEvent } from "./ChatEvent.ts"
import { closeLostTurn } from "./closeLostTurn.ts"
import { compaction, deltaKind } from "./EventLog.ts"
import type { StoreError } from "./errors.ts"
import { makeEventJournal, stepKinds } from "./eventJournal.ts"
import type { EventStore } from "./EventStore.ts"
import { type EventCounts, eventsOfMessages, messagesOf, withBeginning } from "./messages.ts"
import { stepNotes } from "./openSteps.ts"
import { recordDeltas } from "./recordDeltas.ts"
import { afterSummary, summaryNote } from "./summaryNotes.ts"
import { beginNote, countsOf, endNote, finishedTurn, firstIndex, turnsOf, unfinishedTurns } from "./turnNotes.ts"
import { type MemoryWindow, remembered } from "./windows.ts"

/** A conversation that is kept, and what of it a model is shown. */
export interface RecordedConversation {
  readonly store: EventStore["Service"]
  readonly conversationId: string
  /** All of it where it is absent. */
  readonly window?: MemoryWindow
}

/** What is said, and under which request. */
export interface RecordedRequest {
  /** A new one where it is absent: then it was certainly not answered before. */
  readonly requestId?: string
  readonly content: ReadonlyArray<ContentBlock>
  readonly hooks: AfterHooks
  /** Looks at the history before something is said, and answers with a summary for the beginning of it. */
  readonly compact?: (history: ReadonlyArray<Message>) => Effect.Effect<CompactedHistory | undefined>
}

/** A summary, and how many messages that a user said are left after it. */
type CompactedHistory = Parameters<typeof summaryNote>[1]

/** The history of a conversation as a model is shown it. */
export const recordedHistory = Effect.fnUntraced(function* ({ conversationId, store, window }: RecordedConversation) {
  return yield* shown(yield* store.getEvents(conversationId, { include: "all" }), window)
})

const shown = (events: ReadonlyArray<ChatEvent>, window: MemoryWindow | undefined) =>
  Effect.map(outsideTurn(DateTime.now), (now) => {
    const { rest, summary } = afterSummary(events)
    const said = rest.filter(({ type }) => type !== "meta")
    const messages = messagesOf(window === undefined ? said : remembered(said, window, now))
    return summary === undefined ? withBeginning(messages) : withSummary(messages, summary)
  })

/** Opens a turn. Nobody else may have one of the conversation open: hold its lock. */
export const openTurn = Effect.fnUntraced(function* (conversation: RecordedConversation, request: RecordedRequest) {
  const { conversationId, store } = conversation
  const requestId = request.requestId ?? `turn_${yield* outsideTurn(makeCorrelationId)}`
  yield* closeOthers(conversation, requestId, request.hooks)
  const events = yield* store.getEvents(conversationId, { include: "all" })
  const finished = finishedTurn(events, requestId)
  if (finished !== undefined) {
    const own = events.filter((event) => event.request_id === requestId && event.type !== "user_message")
    return { _tag: "Answered", ...finished, messages: messagesOfTurn(own) } as const
  }
  const current = yield* compacted(conversation, events, requestId, request)
  return {
    _tag: "Open",
    ...recordTurn(conversation, yield* beginTurn(conversation, current, requestId, request.content))
  } as const
})

/** The records, with a summary of their beginning where there is one now. A turn that has begun is not changed any more. */
const compacted = Effect.fnUntraced(function* (
  { conversationId, store, window }: RecordedConversation,
  events: ReadonlyArray<ChatEvent>,
  requestId: string,
  { compact }: RecordedRequest
) {
  if (compact === undefined || turnsOf(events, requestId) > 0) return events
  const made = yield* compact(yield* shown(events, window))
  if (made === undefined) return events
  yield* store.addEvent(conversationId, summaryNote(events, made))
  return yield* store.getEvents(conversationId, { include: "all" })
})

/** Ends what other programs have left, unless it is of this request. For who holds the conversation. */
export const closeOthers = Effect.fnUntraced(function* (
  { conversationId, store }: RecordedConversation,
  requestId: string | undefined,
  hooks: RecordedRequest["hooks"]
) {
  const readAll = store.getEvents(conversationId, { include: "all" })
  for (const turn of unfinishedTurns(yield* readAll)) {
    if (turn.requestId === requestId) continue
    yield* store.addEvents(conversationId, yield* closeLostTurn(yield* readAll, turn, hooks))
    // Nothing is wrong now: the conversation itself says what is known of the turn.
    yield* Effect.logInfo("A turn that its program did not end was ended.", { conversation_id: conversationId })
  }
})

/** What a turn goes by: where it begins, or goes on. */
interface BegunTurn {
  readonly requestId: string
  readonly turnId: string
  readonly messages: ReadonlyArray<Message>
  readonly counts: EventCounts
  readonly deltas: number
  readonly nextIndex: () => number
  /** What an earlier run of it has written. */
  readonly notes: ReadonlyArray<typeof MetaEvent.Type>
}

/** Says that the turn begins, unless an earlier run of it has. */
const beginTurn = Effect.fnUntraced(function* (
  { conversationId, store, window }: RecordedConversation,
  events: ReadonlyArray<ChatEvent>,
  requestId: string,
  content: ReadonlyArray<ContentBlock>
) {
  let index = firstIndex(events)
  const nextIndex = () => index++
  const own = events.filter((event) => event.request_id === requestId)
  const deltas = own.filter((event) => event.type === "meta" && event.kind === deltaKind).length
  const open = unfinishedTurns(own).at(-1)
  if (open !== undefined) {
    const { counts, seq, turnId } = open
    const before = yield* shown(
      events.filter((event) => event.seq <= seq),
      window
    )
    return {
      requestId,
      turnId,
      messages: before,
      counts,
      deltas,
      nextIndex,
      notes: stepNotes(own, open)
    } satisfies BegunTurn
  }
  const history = yield* shown(events, window)
  const isSaid = own.some(({ type }) => type === "user_message")
  const messages = isSaid ? history : appendUser(history, content)
  const added = isSaid ? [] : saidEvents(history, messages, content, requestId)
  const turnId = `${conversationId}/${requestId}/${turnsOf(own, requestId)}`
  const counts = { ...countsOf(own, requestId), results: resultsIn(added, own, requestId) }
  yield* store.addEvents(conversationId, [...added, beginNote(requestId, turnId, nextIndex(), counts)])
  return { requestId, turnId, messages, counts, deltas, nextIndex, notes: [] } satisfies BegunTurn
})

/** What a turn writes while it runs, and at its end. */
const recordTurn = ({ conversationId, store }: RecordedConversation, turn: BegunTurn) => {
  const { deltas, messages, nextIndex, notes, requestId, turnId } = turn
  const journal = makeEventJournal({
    requestId,
    nextIndex,
    notes,
    add: (event) => store.addEvent(conversationId, event)
  })
  let written = 0
  let { counts } = turn

  /** Writes down the messages that are not yet, and what else there is to say. */
  const write = (
    progress: TurnProgress,
    change: (events: ReadonlyArray<NewEvent>) => ReadonlyArray<NewEvent> = (events) => events
  ) =>
    Effect.suspend(() => {
      const { length } = progress.messages
      const made = eventsOfMessages(progress.messages.slice(written), requestId, counts)
      return Effect.tap(store.addEvents(conversationId, change(made.events)), () =>
        Effect.sync(() => {
          written = length
          counts = made.counts
        })
      )
    })

  /** Before a model is asked again, what came of its last answer is written down. */
  const journalOf = (progress: TurnProgress): Journal["Service"] => ({
    ...journal,
    step: (step, effect) => {
      const unwritable = (error: StoreError) =>
        new JournalUnwritable({ stepId: step.id, hasRun: false, reason: error.message, cause: error })
      return journal.step(
        step,
        step.id.endsWith("/model") ? Effect.andThen(Effect.mapError(write(progress), unwritable), effect) : effect
      )
    }
  })

  const end = (progress: TurnProgress, exit: Exit.Exit<TurnResult, unknown>) => {
    const result = Exit.isSuccess(exit) ? exit.value : undefined
    const said =
      result === undefined ? {} : { finish_reason: result.finishReason, text: result.text, usage: result.usage }
    return write(progress, (events) => [
      ...withUsage(events, progress),
      endNote({ requestId, turnId }, nextIndex(), result === undefined ? "stopped" : "finished", said),
      // Of an answer that was cut off, what had come stays for people to read.
      compaction(requestId, [...Object.values(stepKinds), ...(result === undefined ? [] : [deltaKind])])
    ])
  }

  const recording = recordDeltas({
    requestId,
    from: deltas,
    add: (pieces) => store.addEvents(conversationId, pieces)
  })
  return { messages, turnId, journalOf, recording, end }
}

const resultsIn = (added: ReadonlyArray<NewEvent>, events: ReadonlyArray<ChatEvent>, requestId: string): number =>
  countsOf(events, requestId).results + added.filter(({ type }) => type === "tool_result").length

/** What a user says as records: results of calls that waited for them, those nobody gave included, and the rest. */
const saidEvents = (
  history: ReadonlyArray<Message>,
  messages: ReadonlyArray<Message>,
  content: ReadonlyArray<ContentBlock>,
  requestId: string
): ReadonlyArray<NewEvent> => {
  const pending = new Set(pendingCallsOf(history).map(({ id }) => id))
  const blocks = messages.slice(-2).flatMap((message) => (message.role === "user" ? message.content : []))
  const answers = blocks.filter((block) => block.type === "tool_result" && pending.has(block.tool_use_id))
  const said = content.filter((block) => block.type !== "tool_result" && (block.type !== "text" || block.text !== ""))
  const results = eventsOfMessages([{ role: "user", content: answers }], requestId, {
    assistant: 0,
    calls: 0,
    results: 0
  })
  if (said.length === 0) return results.events
  return [...results.events, { type: "user_message", role: "user", content: said, request_id: requestId, index: 0 }]
}

/** The messages that a turn added. */
const messagesOfTurn = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<Message> => {
  const first = events.findIndex(({ type }) => type === "assistant_message")
  return first === -1 ? [] : messagesOf(events.slice(first))
}

/** What the whole turn cost stands at its last answer. */
const withUsage = (events: ReadonlyArray<NewEvent>, progress: TurnProgress): ReadonlyArray<NewEvent> => {
  const last = events.findLastIndex(({ type }) => type === "assistant_message")
  const step = progress.steps.at(-1)
  return events.map((event, index) =>
    index !== last || event.type !== "assistant_message" || step === undefined
      ? event
      : { ...event, usage: progress.usage, model: step.model, stop_reason: step.finishReason }
  )
}
