/**
 * Colours and widths of what is printed. Plain where the stream is no terminal, with `NO_COLOR` or `--no-color`.
 */

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
  readonly italic: (text: string) => string
  readonly underline: (text: string) => string
  readonly strike: (text: string) => string
}

const wrap =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`

const plain = (text: string): string => text

export const plainStyle: Style = {
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  yellow: plain,
  cyan: plain,
  italic: plain,
  underline: plain,
  strike: plain
}

export const colourStyle: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  green: wrap(32, 39),
  yellow: wrap(33, 39),
  cyan: wrap(36, 39),
  italic: wrap(3, 23),
  underline: wrap(4, 24),
  strike: wrap(9, 29)
}

/** Whether colours may be printed on a terminal: not with `--no-color`, with `NO_COLOR` (no-color.org), or on a dumb one. */
export const allowsColour = (
  isForbidden: boolean,
  environment: Readonly<Record<string, string | undefined>>
): boolean => !isForbidden && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb"

/** One line of at most `width` characters; what is cut is shown by an ellipsis. */
export const oneLine = (text: string, width: number): string => {
  const flat = text.replace(/\s+/g, " ").trim()
  const characters = Array.from(flat)
  return characters.length <= width ? flat : `${characters.slice(0, Math.max(1, width - 1)).join("")}…`
}

/** `1 server`, `2 servers`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`

/** Control characters of foreign text made visible, so that a server cannot write on the terminal. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => (character === "\r" ? "" : "\ufffd"))
