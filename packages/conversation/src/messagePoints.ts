/** The points that one can go back to in a history that is not kept: there are no records of it, only messages. */
import { type Message, textOf } from "@signalbox/model"
import { Effect } from "effect"
import { isSaid } from "./context/cuts.ts"
import { callsIn } from "./history.ts"
import type { PointNotFound } from "./events/errors.ts"
import { pointNotFound, type Rewound } from "./events/rewind.ts"
import { firstWords, type HistoryPoint, type TurnPoint } from "./events/turnPoints.ts"

interface PlacedMessages extends TurnPoint {
  /** The place of what was said. */
  readonly from: number
  /** The places of the answers. */
  readonly answers: ReadonlyArray<number>
}

const placed = (messages: ReadonlyArray<Message>): ReadonlyArray<PlacedMessages> => {
  const places = messages.flatMap((message, index) => (isSaid(message) ? [index] : []))
  return places.map((from, index) => {
    const answers = messages
      .slice(0, places[index + 1])
      .flatMap(({ role }, place) => (role === "assistant" && place > from ? [place] : []))
    return {
      number: index + 1,
      said: firstWords(textOf(messages[from]?.content ?? [])),
      steps: answers.map((place, step) => {
        const content = messages[place]?.content ?? []
        return { number: step + 1, text: firstWords(textOf(content)), calls: callsIn(content).map(({ name }) => name) }
      }),
      from,
      answers
    }
  })
}

/** The turns of a history, oldest first. */
export const messagePoints = (messages: ReadonlyArray<Message>): ReadonlyArray<TurnPoint> =>
  placed(messages).map(({ answers: _answers, from: _from, ...point }) => point)

const withoutWords = (message: Message): ReadonlyArray<Message> => {
  const results = message.content.filter(({ type }) => type === "tool_result")
  return results.length === 0 ? [] : [{ ...message, content: results }]
}

/** The history up to a message, with what tools gave to its calls. */
const upTo = (messages: ReadonlyArray<Message>, place: number): ReadonlyArray<Message> => {
  const next = messages[place + 1]
  return [...messages.slice(0, place + 1), ...(next?.role === "user" ? withoutWords(next) : [])]
}

/** The history up to a point; nothing where there is no such point. */
const messagesUpTo = (
  messages: ReadonlyArray<Message>,
  { step, turn }: HistoryPoint
): ReadonlyArray<Message> | undefined => {
  const turns = placed(messages)
  const beginning = { from: (turns[0]?.from ?? 0) - 1, answers: [] }
  const found = [beginning, ...turns][turn]
  if (found === undefined) return undefined
  const place = [found.from, ...found.answers][step ?? found.answers.length]
  return place === undefined ? undefined : upTo(messages, place)
}

/** Goes back to a point. */
export const rewindMessages = (
  conversationId: string,
  messages: ReadonlyArray<Message>,
  point: HistoryPoint
): Effect.Effect<{ readonly messages: ReadonlyArray<Message>; readonly rewound: Rewound }, PointNotFound> =>
  Effect.suspend(() => {
    const kept = messagesUpTo(messages, point)
    const turns = placed(messages)
    if (kept === undefined) return Effect.fail(pointNotFound(conversationId, turns, point))
    const gone = messages.slice(kept.length)
    const rewound: Rewound = {
      point,
      turns: turns.filter(({ from }) => from >= kept.length).length,
      messages: gone.filter((message) => message.role === "assistant" || isSaid(message)).length,
      calls: gone
        .flatMap((message) => (message.role === "assistant" ? callsIn(message.content) : []))
        .map(({ name }) => name)
    }
    return Effect.succeed({ messages: kept, rewound })
  })
