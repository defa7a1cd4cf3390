/**
 * Long texts in pieces that are counted one by one. The tokenizer takes time with the square of the longest run of
 * characters that it cannot split (seconds for a book in Chinese, or for a line of the same letter), and nothing else
 * happens meanwhile.
 */

/**
 * As far as the last place within 512 characters where the published vocabularies always split: behind a letter or a
 * digit, before anything that is none and cannot belong to it. Where there is no such place, 512 characters; each such
 * cut may make one or two tokens more of the text, hardly ever fewer. The next-line
 * character stands alone: it is a space for the vocabularies, and none for the regular expressions of JavaScript.
 */
const slice = /[^\u0085]{0,511}[\p{L}\p{N}](?![\p{L}\p{N}\p{M}'’])|[^\u0085]{1,512}|\u0085/gu

/** The text in pieces, in order. The sum of their tokens is that of the text but where a piece had to be cut off. */
export const slicesOf = function* (text: string): Iterable<string> {
  for (const [piece] of text.matchAll(slice)) yield piece
}
