/** Places in a conversation as people type and read them: `3` is the end of turn 3, and `3.2` the end of its second step. */
import type { HistoryPoint } from "@signalbox/conversation"
import { Option } from "effect"
import { Flag } from "effect/cli"

/** `TURN` or `TURN.STEP`. */
const parsePoint = (text: string): HistoryPoint | undefined => {
  const [, turn, step] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? []
  if (turn === undefined) return undefined
  return { turn: Number(turn), ...(step === undefined ? {} : { step: Number(step) }) }
}

/** As `parsePoint` reads it. */
export const showPoint = ({ step, turn }: HistoryPoint): string => (step === undefined ? `${turn}` : `${turn}.${step}`)

/** In a sentence. */
export const describePoint = ({ step, turn }: HistoryPoint): string => {
  if (turn === 0) return "its beginning"
  if (step === undefined) return `turn ${turn}`
  return step === 0 ? `the question of turn ${turn}` : `step ${step} of turn ${turn}`
}

/** A flag for a place. */
export const pointFlag = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("TURN[.STEP]"),
    Flag.withDescription(description),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(parsePoint(text)),
      (text) => `a turn, or a turn and a step as in 3.2, and not ${JSON.stringify(text)}`
    )
  )
