/**
 * The points of a conversation that one can go back to: the turns, from what somebody said on, and their steps. What tools gave
 * belongs to the step that called them, whoever handed it in and when.
 */
import { textOf } from "@signalbox/model"
import type { DateTime } from "effect"
import type { ChatEvent } from "./ChatEvent.ts"
import { noteText } from "./EventLog.ts"
import { endIn, isBeginNote, type TurnEnd } from "./turnNotes.ts"

/** One answer of the model within a turn, and the tools that it called. */
export interface StepPoint {
  /** From 1, within its turn. */
  readonly number: number
  /** The first words of the answer; empty where it only called tools. */
  readonly text: string
  /** The names of the tools that it called. */
  readonly calls: ReadonlyArray<string>
}

/** A turn that one can go back to: to its end, or to one of its steps. */
export interface TurnPoint {
  /** From 1, over what is in the conversation now. */
  readonly number: number
  /** Nothing for one that is not kept, or was kept by an older version. */
  readonly turnId?: string
  readonly requestId?: string
  /** When it was said. */
  readonly at?: DateTime.Utc
  /** The first words of what was said; empty where nothing was. */
  readonly said: string
  readonly steps: ReadonlyArray<StepPoint>
  /** `open` while it runs, or where its program ended first; nothing where that is not kept. */
  readonly end?: TurnEnd | "open"
}

/**
 * A place in a conversation: the end of a turn, or the end of one of its steps. Turn 0 is the beginning, step 0 what was said and
 * no answer.
 */
export interface HistoryPoint {
  readonly turn: number
  readonly step?: number
}

/** A turn, and where it is among the records: each place is the number of records up to and with it. */
export interface PlacedTurn extends TurnPoint {
  readonly from: number
  /** With what was said. */
  readonly saidUntil: number
  readonly stepsUntil: ReadonlyArray<number>
  readonly until: number
}

/** So many characters are the first words. */
const longestWords = 100

/** The first words of a text, on one line. */
export const firstWords = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length <= longestWords ? line : `${line.slice(0, longestWords - 1).trimEnd()}…`
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

interface Draft extends Omit<Mutable<PlacedTurn>, "steps" | "stepsUntil"> {
  steps: Array<StepPoint>
  stepsUntil: Array<number>
}

/** Whether a record begins a turn. Records without a request are of an older version, or came from elsewhere. */
const beginsTurn = (event: ChatEvent, current: Draft | undefined): boolean => {
  if (event.type === "meta" && event.request_id === undefined) return false
  if (current === undefined) return true
  if (event.request_id === undefined) return event.type === "user_message"
  return event.request_id !== current.requestId
}

const draftOf = (event: ChatEvent, number: number, place: number): Draft => ({
  number,
  ...(event.request_id === undefined ? {} : { requestId: event.request_id }),
  at: event.timestamp,
  said: "",
  steps: [],
  from: place,
  saidUntil: place,
  stepsUntil: [],
  until: place
})

/** Takes a note of the turn. */
const takeNote = (turn: Draft, event: ChatEvent & { readonly type: "meta" }): void => {
  const turnId = noteText(event, "turn_id")
  if (isBeginNote(event)) {
    if (turnId !== undefined) turn.turnId = turnId
    turn.end = "open"
  }
  const end = endIn(event)
  if (end !== undefined) turn.end = end
}

/** Moves the end of the last step, or of what was said as long as there is none. */
const moveEnd = (turn: Draft, until: number): void => {
  const last = turn.stepsUntil.length - 1
  if (last < 0) turn.saidUntil = until
  else turn.stepsUntil[last] = until
}

/** Takes a record of the turn; `until` is its place. */
const extend = (turn: Draft, event: ChatEvent, until: number): void => {
  turn.until = until
  if (event.type === "assistant_message") {
    const calls = event.content.flatMap((block) => (block.type === "tool_use" ? [block.name] : []))
    turn.steps.push({ number: turn.steps.length + 1, text: firstWords(textOf(event.content)), calls })
    turn.stepsUntil.push(until)
  } else if (event.type === "meta") {
    takeNote(turn, event)
    if (isBeginNote(event) && turn.steps.length === 0) turn.saidUntil = until
  } else {
    if (event.type === "user_message") turn.said = firstWords(textOf(event.content))
    moveEnd(turn, until)
  }
}

/** What the head of a turn gives to calls of the one before is the end of that one. */
const giveResults = (before: Draft, event: ChatEvent, until: number): void => {
  if (event.type !== "tool_result" || before.stepsUntil.length === 0) return
  before.stepsUntil[before.stepsUntil.length - 1] = until
  before.until = until
}

/** The turns among records, oldest first. */
export const placedTurns = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<PlacedTurn> => {
  const turns: Array<Draft> = []
  const words = new Map<string, string>()
  events.forEach((event, index) => {
    const current = turns.at(-1)
    if (beginsTurn(event, current)) turns.push(draftOf(event, turns.length + 1, index))
    const turn = turns.at(-1)
    if (turn === undefined || (event.type === "meta" && event.request_id === undefined)) return
    extend(turn, event, index + 1)
    const before = turns.at(-2)
    if (before !== undefined && turn.steps.length === 0 && turn.said === "") giveResults(before, event, index + 1)
    if (turn.requestId !== undefined && turn.said !== "") words.set(turn.requestId, turn.said)
  })
  // A request whose turn was stopped, asked again: it was said before.
  return turns.map((turn) => (turn.said === "" ? { ...turn, said: words.get(turn.requestId ?? "") ?? "" } : turn))
}

/** What others see of a turn. */
export const pointOf = ({
  from: _from,
  saidUntil: _said,
  stepsUntil: _steps,
  until: _until,
  ...point
}: PlacedTurn): TurnPoint => point

/** How many of the records there are up to a point; nothing where there is no such point. */
export const placeOf = (turns: ReadonlyArray<PlacedTurn>, { step, turn }: HistoryPoint): number | undefined => {
  if (turn === 0) return step === undefined || step === 0 ? (turns[0]?.from ?? 0) : undefined
  const found = turns[turn - 1]
  if (found === undefined || step === undefined) return found?.until
  return step === 0 ? found.saidUntil : found.stepsUntil[step - 1]
}
