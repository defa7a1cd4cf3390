/**
 * A message on the one line that is edited: its line breaks are shown as a mark, and a long text that was pasted as
 * `[pasted 42 lines]`. What is sent is the message itself. Pure but for what it remembers.
 */

/** Stands for a line break in the line that is edited. */
export const lineBreakMark = "⏎"

/** What is longer than this, or cannot be shown on one line, is shown by its size. */
const shown = { lines: 4, characters: 400 }

/** Texts that were pasted, by what stands for them. */
export interface Pastes {
  /** What is put into the line for a pasted text. */
  readonly shorten: (text: string) => string
  /** The message that a line stands for. */
  readonly expand: (line: string) => string
  /** Whether the line holds something that is shown by its size. */
  readonly isShortened: (line: string) => boolean
  /** Whether the words stand in a pasted text of several lines, which nobody has typed. */
  readonly wasPasted: (words: string) => boolean
}

/** Line breaks as they are everywhere else, and without what a terminal would obey. */
const cleaned = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "")
    .replace(/\n$/, "")

const fitsLine = (text: string, lines: number): boolean =>
  lines <= shown.lines &&
  (lines === 1 || text.length <= shown.characters) &&
  // A tab would ask for a completion.
  !/[\t⏎]/.test(text)

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Makes one, for as long as the lines of one conversation. */
export const makePastes = (): Pastes => {
  const texts = new Map<string, string>()
  const severalLines: Array<string> = []

  const labelOf = (text: string, lines: number): string => {
    const size = `pasted ${lines} line${lines === 1 ? "" : "s"}`
    for (let number = 1; ; number++) {
      const label = number === 1 ? `[${size}]` : `[${size}, no. ${number}]`
      const known = texts.get(label)
      if (known === undefined || known === text) return label
    }
  }

  return {
    shorten: (given) => {
      const text = cleaned(given)
      const lines = text.split("\n").length
      if (lines > 1) severalLines.push(text)
      if (fitsLine(text, lines)) return text.replaceAll("\n", lineBreakMark)
      const label = labelOf(text, lines)
      texts.set(label, text)
      return label
    },
    expand: (line) => {
      // At once, so that nothing is looked for in what was pasted.
      const wanted = new RegExp([...texts.keys(), lineBreakMark].map(escaped).join("|"), "g")
      return line.replace(wanted, (found) => texts.get(found) ?? "\n")
    },
    isShortened: (line) => [...texts.keys()].some((label) => line.includes(label)),
    wasPasted: (words) => severalLines.some((text) => text.includes(words))
  }
}
