/**
 * The states that a pattern is compiled to, and where one can go on from without reading a character.
 */

/** `next` are the states after this one, each of which may be the right one; which is tried first stands first. */
export interface State {
  readonly type: "char" | "start" | "end" | "boundary" | "inside" | "fork" | "match"
  readonly test: (char: string) => boolean
  readonly next: Array<number>
}

/** Stands for the character before the first one, and for that after the last. */
export const noCode = -1
const lineEnd = 10

/** What a pattern may ask of the character before. */
export interface Before {
  /** A text begins here, or a line where lines count. */
  readonly isStart: boolean
  /** It is one of a word. */
  readonly wasWord: boolean
}

const isWordCode = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a)

/** What there is to ask of this character, once it is the one before. */
export const beforeOf = (code: number, hasLines: boolean): Before => ({
  isStart: code === noCode || (hasLines && code === lineEnd),
  wasWord: isWordCode(code)
})

/** Whether one gets past a state between the character before and that which comes next, without having read one. */
export const isPassed = (type: State["type"], before: Before, next: number, hasLines: boolean): boolean => {
  switch (type) {
    case "fork":
      return true
    case "start":
      return before.isStart
    case "end":
      return next === noCode || (hasLines && next === lineEnd)
    case "boundary":
    case "inside":
      return (before.wasWord !== isWordCode(next)) === (type === "boundary")
    default:
      return false
  }
}
