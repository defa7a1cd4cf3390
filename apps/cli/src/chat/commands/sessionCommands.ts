/**
 * Commands about the conversation as a whole: a new one, a copy, fewer turns of it, or shorter ones.
 */
import {
  type ConversationSession,
  nextName,
  PointNotFound,
  SessionNotFound,
  type TurnPoint
} from "@signalbox/conversation"
import { nearestName } from "@signalbox/model"
import { Effect } from "effect"
import { ChatCommandInvalid } from "../../errors.ts"
import { Output } from "../../Output.ts"
import { counted, printable } from "../../render/style.ts"
import { renderTable } from "../../render/table.ts"
import { tokenCount } from "../../render/tokenCount.ts"
import { type Chat, startSession, switchTo } from "../Chat.ts"
import type { ChatCommand } from "./ChatCommand.ts"

/** The names of all conversations that are kept. */
const keptNames = Effect.fnUntraced(function* ({ host: { conversationStore }, isKept }: Chat) {
  return isKept && conversationStore !== undefined ? yield* conversationStore.listConversations : []
})

/** The id of a conversation that follows this one, as a copy of it would be called; where nothing is kept, any. */
const nextId = Effect.fnUntraced(function* (chat: Chat) {
  if (!chat.isKept) return {}
  const taken = new Set(yield* keptNames(chat))
  let id = nextName(chat.state.session.id)
  while (taken.has(id)) id = nextName(id)
  return { id }
})

/** Goes on in a conversation that is begun for it, and says how one gets back. */
const goOnIn = Effect.fnUntraced(function* <E, R>(chat: Chat, begin: Effect.Effect<ConversationSession, E, R>) {
  const { style } = yield* Output
  const before = chat.state.session.id
  yield* switchTo(chat, yield* begin)
  const { id } = chat.state.session
  const told = (what: string) => `${style.green("✓")} ${what} ${style.dim(`Back: /switch ${printable(before)}`)}`
  return { before, id, told }
})

export const clear: ChatCommand = {
  name: "clear",
  parameters: "",
  summary: "Begin a new conversation; the old one stays",
  run: Effect.fnUntraced(function* (chat) {
    const { before, id, told } = yield* goOnIn(chat, startSession(chat.talker, yield* nextId(chat)))
    return { text: told(`A new conversation: ${printable(id)}.`), data: { conversation_id: id, before } }
  })
}

export const fork: ChatCommand = {
  name: "fork",
  parameters: "",
  summary: "Go on in a copy of this conversation; the old one stays as it is",
  run: Effect.fnUntraced(function* (chat) {
    const { session } = chat.state
    if ((yield* session.turns).length === 0) {
      const reason = `there is nothing in ${printable(session.id)} yet`
      return { text: `Nothing was copied: ${reason}.`, data: { conversation_id: session.id, is_copied: false, reason } }
    }
    const copy = chat.talker.conversations.fork(session.id)
    const { before, id, told } = yield* goOnIn(chat, copy)
    return {
      text: told(`You go on in ${printable(id)}, a copy.`),
      data: { conversation_id: id, is_copied: true, from: before }
    }
  })
}

/** A conversation of this chat that is open, or one that is kept. */
const opened = Effect.fnUntraced(function* (chat: Chat, id: string) {
  const { conversations } = chat.talker
  return yield* Effect.catchTag(
    conversations.get(id),
    "SessionNotFound",
    Effect.fnUntraced(function* (error) {
      const kept = yield* keptNames(chat)
      if (kept.includes(id)) return yield* startSession(chat.talker, { id })
      const nearest = nearestName(id, [...chat.state.ids, ...kept])
      const meant = nearest === undefined ? "" : `Did you mean /switch ${nearest}? `
      const hint = `${meant}/switch alone lists the conversations of this chat.`
      return yield* new SessionNotFound({ sessionId: error.sessionId, hint })
    })
  )
})

export const switchSession: ChatCommand = {
  name: "switch",
  parameters: "[ID]",
  summary: "The conversations of this chat; go on with another one",
  complete: ({ state }) => Effect.sync(() => state.ids),
  run: Effect.fnUntraced(function* (chat, id) {
    const { style } = yield* Output
    const { state } = chat
    if (id === "") {
      const rows = state.ids.map((each) => [each === state.session.id ? style.green("▸") : " ", printable(each)])
      return { text: renderTable(rows), data: { conversation_id: state.session.id, conversations: state.ids } }
    }
    if (id !== state.session.id) yield* switchTo(chat, yield* opened(chat, id))
    const { length } = yield* state.session.history
    return {
      text: `${style.green("✓")} You go on with ${printable(id)}: ${counted(length, "message")} so far.`,
      data: { conversation_id: id, messages: length }
    }
  })
}

const toolsOf = ({ steps }: TurnPoint): string => {
  const calls = steps.flatMap((step) => step.calls)
  return calls.length === 0 ? "" : `(${calls.join(", ")})`
}

const listTurns = Effect.fnUntraced(function* (session: ConversationSession) {
  const { columns, style } = yield* Output
  const turns = yield* session.turns
  const rows = turns.map((turn) => [style.bold(String(turn.number)), printable(`${turn.said} ${toolsOf(turn)}`)])
  const text =
    rows.length === 0
      ? "There is nothing to go back to yet."
      : `${renderTable(rows, { columns, paint: (words) => words })}\n${style.dim("/rewind N goes back to before turn N.")}`
  return {
    text,
    data: turns.map((turn) => ({ turn: turn.number, said: turn.said, calls: turn.steps.flatMap(({ calls }) => calls) }))
  }
})

export const rewind: ChatCommand = {
  name: "rewind",
  parameters: "[N]",
  summary: "The turns so far; go back to before turn N",
  complete: ({ state }) =>
    Effect.orElseSucceed(
      Effect.map(state.session.turns, (turns) => turns.map(({ number }) => String(number))),
      (): ReadonlyArray<string> => []
    ),
  run: Effect.fnUntraced(function* ({ state }, argument) {
    if (argument === "") return yield* listTurns(state.session)
    const turn = Number(argument)
    if (!Number.isSafeInteger(turn) || turn < 1)
      return yield* new ChatCommandInvalid({
        usage: "/rewind N",
        reason: `"${argument}" is no number of a turn. /rewind alone lists them.`
      })
    const { length } = yield* state.session.turns
    if (turn > length) return yield* new PointNotFound({ conversationId: state.session.id, turn, turns: length })
    const { calls, turns } = yield* state.session.rewind({ turn: turn - 1 })
    state.contextTokens = undefined
    const { style } = yield* Output
    const done =
      calls.length === 0 ? "" : `\n${style.yellow("!")} What tools have done stays done: ${printable(calls.join(", "))}`
    return {
      text: `${style.green("✓")} Back to before turn ${turn}: ${counted(turns, "turn")} ${turns === 1 ? "is" : "are"} gone.${done}`,
      data: { turn, turns_gone: turns, calls }
    }
  })
}

export const compact: ChatCommand = {
  name: "compact",
  parameters: "",
  summary: "Put a summary in the place of the older messages",
  run: Effect.fnUntraced(function* ({ host, state }) {
    const { style } = yield* Output
    if (host.config.options.conversation.context.whenFull !== "summary") {
      const reason = "summaries are switched off"
      const how = "In the configuration, conversation.context.whenFull: summary switches them on."
      return { text: `Nothing was changed: ${reason}. ${how}`, data: { is_compacted: false, reason } }
    }
    const result = yield* state.session.compact({ ...state.other?.send })
    if (result._tag === "NotCompacted")
      return { text: `Nothing was changed: ${result.reason}.`, data: { is_compacted: false, reason: result.reason } }
    state.contextTokens = undefined
    const { replaced, tokensAfter, tokensBefore } = result
    return {
      text: `${style.green("✓")} A summary stands for ${counted(replaced, "message")}: about ${tokenCount(tokensAfter)} tokens instead of ${tokenCount(tokensBefore)}.`,
      data: { is_compacted: true, messages: replaced, tokens_before: tokensBefore, tokens_after: tokensAfter }
    }
  })
}
