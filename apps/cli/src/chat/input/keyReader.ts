/**
 * Tells apart what a terminal sends: keys, pasted text between the marks of bracketed paste, and the keys that stand for a
 * line break within a message. Sequences may be cut anywhere. Pure.
 */

/** A piece of input, in the order in which it came. */
export type Typed =
  | { readonly _tag: "Keys"; readonly text: string }
  /** `isEnter` where it means Enter on an empty line: Ctrl-J, and Enter that was typed ahead, are the same byte. */
  | { readonly _tag: "LineBreak"; readonly isEnter: boolean }
  | { readonly _tag: "Paste"; readonly text: string }

const pasteStart = "\u001b[200~"
const pasteEnd = "\u001b[201~"

/** What asks a terminal to mark what is pasted, and not to. */
export const bracketedPaste = { on: "\u001b[?2004h", off: "\u001b[?2004l" } as const

/** Alt+Enter, and Shift+Enter or Alt+Enter where the terminal tells them from Enter. */
const lineBreaks = ["\u001b\r", "\u001b\n", "\u001b[13;2u", "\u001b[13;3u", "\u001b[27;2;13~", "\u001b[27;3;13~"]

const known = [pasteStart, ...lineBreaks]

const firstOf = (text: string): { readonly at: number; readonly sequence: string } | undefined => {
  let found: { readonly at: number; readonly sequence: string } | undefined
  for (const sequence of known) {
    const at = text.indexOf(sequence)
    if (at >= 0 && (found === undefined || at < found.at)) found = { at, sequence }
  }
  return found
}

/** How much of the end may be the beginning of a sequence. A lone Escape is a key of its own. */
const cutLength = (text: string): number => {
  const at = text.lastIndexOf("\u001b[")
  if (at < 0) return 0
  const tail = text.slice(at)
  return known.some((sequence) => sequence.startsWith(tail) && sequence !== tail) ? tail.length : 0
}

/** Makes a reader, which keeps what is not complete. */
export const makeKeyReader = (): ((chunk: string) => ReadonlyArray<Typed>) => {
  let held = ""
  let pasted: string | undefined

  return (chunk) => {
    const typed: Array<Typed> = []
    const keys = (text: string) => {
      if (text !== "") typed.push({ _tag: "Keys", text })
    }
    if (pasted === undefined && held === "" && chunk === "\n") return [{ _tag: "LineBreak", isEnter: true }]
    let rest = held + chunk
    held = ""
    while (rest !== "") {
      if (pasted !== undefined) {
        pasted += rest
        const end = pasted.indexOf(pasteEnd)
        if (end < 0) return typed
        typed.push({ _tag: "Paste", text: pasted.slice(0, end) })
        rest = pasted.slice(end + pasteEnd.length)
        pasted = undefined
        continue
      }
      const found = firstOf(rest)
      if (found === undefined) {
        const cut = cutLength(rest)
        keys(rest.slice(0, rest.length - cut))
        held = rest.slice(rest.length - cut)
        return typed
      }
      keys(rest.slice(0, found.at))
      rest = rest.slice(found.at + found.sequence.length)
      if (found.sequence === pasteStart) pasted = ""
      else typed.push({ _tag: "LineBreak", isEnter: false })
    }
    return typed
  }
}
