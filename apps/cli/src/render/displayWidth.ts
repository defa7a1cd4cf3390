/**
 * How many columns of a terminal a text takes. Characters of East Asian scripts and emoji take two, marks that join the one
 * before take none (Unicode Standard Annex 11).
 */

const takesNone = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const takesTwo =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}$/u

/** Of printable text without escape sequences. */
export const displayWidth = (text: string): number => {
  // Nearly all text is of this kind, and needs no look at each character.
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += takesNone.test(character) ? 0 : takesTwo.test(character) ? 2 : 1
  return width
}
