/** The beginning and the end of a text that is too long: what is between them matters least, mostly. */

/** A text without its middle. */
export interface TextEnds {
  readonly head: string
  readonly tail: string
  /** Characters between the two. */
  readonly leftOut: number
}

/** The share of the beginning. */
const headShare = 2 / 3

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff

/** Both ends, of so many characters together at the most. Half a character is none. */
export const endsOf = (text: string, maxLength: number): TextEnds => {
  if (text.length <= maxLength) return { head: text, tail: "", leftOut: 0 }
  const wanted = Math.floor(maxLength * headShare)
  const headEnd = wanted > 0 && isHighSurrogate(text.charCodeAt(wanted - 1)) ? wanted - 1 : wanted
  const from = text.length - (maxLength - wanted)
  const tailStart = from < text.length && isLowSurrogate(text.charCodeAt(from)) ? from + 1 : from
  return { head: text.slice(0, headEnd), tail: text.slice(tailStart), leftOut: tailStart - headEnd }
}
