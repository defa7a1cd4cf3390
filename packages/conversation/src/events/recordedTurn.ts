/**
 * A turn of a conversation that is kept. Opening it ends a turn that was lost, and finds out whether the request was answered
 * before; while it runs, each step is written down before the next begins; when it is over, it is all in the records.
 */
import { makeCorrelationId } from "@signalbox/errors"
import type { ContentBlock, LanguageModel, Message } from "@signalbox/model"
import { DateTime, Effect, Exit } from "effect"
import { JournalUnwritable } from "../errors.ts"
import { appendUser, pendingCallsOf } from "../history.ts"
import type { Journal } from "../Journal.ts"
import type { TurnHooks } from "../TurnHooks.ts"
import type { TurnProgress } from "../TurnProgress.ts"
import type { TurnResult } from "../TurnResult.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { closeLostTurn, stepNotes } from "./closeLostTurn.ts"
import { compaction, deltaKind } from "./EventLog.ts"
import { makeEventJournal, stepKinds } from "./eventJournal.ts"
import type { EventStore } from "./EventStore.ts"
import { eventsOfMessages, messagesOf } from "./messages.ts"
import { recordDeltas } from "./recordDeltas.ts"
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
  readonly hooks: Pick<TurnHooks, "afterModel" | "afterTool">
}

/** The history of a conversation as a model is shown it. */
export const recordedHistory = Effect.fnUntraced(function* ({ conversationId, store, window }: RecordedConversation) {
  return yield* shown(yield* store.getEvents(conversationId), window)
})

const shown = (events: ReadonlyArray<ChatEvent>, window: MemoryWindow | undefined) =>
  Effect.map(DateTime.now, (now) => {
    const said = events.filter(({ type }) => type !== "meta")
    return messagesOf(window === undefined ? said : remembered(said, window, now))
  })

/** Opens a turn. Nobody else may have one of the conversation open: hold its lock. */
export const openTurn = Effect.fnUntraced(function* (conversation: RecordedConversation, request: RecordedRequest) {
  const { conversationId, store, window } = conversation
  const readAll = store.getEvents(conversationId, { include: "all" })
  const requestId = request.requestId ?? `turn_${yield* makeCorrelationId}`
  const lost = unfinishedTurns(yield* readAll).filter((turn) => turn.requestId !== requestId)
  for (const turn of lost) {
    yield* store.addEvents(conversationId, yield* closeLostTurn(yield* readAll, turn, request.hooks))
    yield* Effect.logWarning("A turn that its program did not end was ended.", { conversation_id: conversationId })
  }
  const events = yield* readAll

  const finished = finishedTurn(events, requestId)
  if (finished !== undefined) {
    const own = events.filter((event) => event.request_id === requestId && event.type !== "user_message")
    return { _tag: "Answered", ...finished, messages: messagesOfTurn(own) } as const
  }

  const open = unfinishedTurns(events).find((turn) => turn.requestId === requestId)
  const before = open === undefined ? events : events.filter(({ seq }) => seq <= open.seq)
  const isSaid = events.some((event) => event.request_id === requestId && event.type === "user_message")
  const history = yield* shown(before, window)
  const messages = isSaid ? history : appendUser(history, request.content)
  const turnId = open?.turnId ?? `${conversationId}/${requestId}/${turnsOf(events, requestId)}`
  let index = firstIndex(events)
  const nextIndex = () => index++
  const added = isSaid ? [] : saidEvents(history, messages, request.content, requestId)
  const counts = open?.counts ?? { ...countsOf(events, requestId), results: resultsIn(added, events, requestId) }
  if (open === undefined) {
    yield* store.addEvents(conversationId, [...added, beginNote(requestId, turnId, nextIndex(), counts)])
  }

  const add = (event: NewEvent) => store.addEvent(conversationId, event)
  const journal = makeEventJournal({
    requestId,
    nextIndex,
    notes: open === undefined ? [] : stepNotes(events, open),
    add
  })
  let written = 0
  let placed = counts

  /** The messages that are not written down yet, as records. */
  const unwritten = (progress: TurnProgress): ReadonlyArray<NewEvent> => {
    const made = eventsOfMessages(progress.messages.slice(written), requestId, placed)
    written = progress.messages.length
    placed = made.counts
    return made.events
  }

  /** Before a model is asked again, what came of its last answer is written down. */
  const journalOf = (progress: TurnProgress): Journal["Service"] => ({
    step: (step, effect) =>
      journal.step(
        step,
        step.id.endsWith("/model")
          ? Effect.suspend(() => store.addEvents(conversationId, unwritten(progress))).pipe(
              Effect.mapError(
                (error) =>
                  new JournalUnwritable({ stepId: step.id, hasRun: false, reason: error.message, cause: error })
              ),
              Effect.andThen(effect)
            )
          : effect
      )
  })

  const end = (progress: TurnProgress, exit: Exit.Exit<TurnResult, unknown>) =>
    Effect.suspend(() => {
      const rest = withUsage(unwritten(progress), progress)
      const result = Exit.isSuccess(exit) ? exit.value : undefined
      const said =
        result === undefined ? {} : { finish_reason: result.finishReason, text: result.text, usage: result.usage }
      return store.addEvents(conversationId, [
        ...rest,
        endNote({ requestId, turnId }, nextIndex(), result === undefined ? "stopped" : "finished", said),
        // Of an answer that was cut off, what had come stays for people to read.
        compaction(requestId, [...Object.values(stepKinds), ...(result === undefined ? [] : [deltaKind])])
      ])
    })

  const deltas = events.filter(
    (event) => event.type === "meta" && event.kind === deltaKind && event.request_id === requestId
  )
  const recording = (model: LanguageModel["Service"]) =>
    recordDeltas({
      requestId,
      from: deltas.length,
      add: (pieces) => store.addEvents(conversationId, pieces)
    })(model)

  return { _tag: "Open", messages, turnId, journalOf, recording, end } as const
})

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
