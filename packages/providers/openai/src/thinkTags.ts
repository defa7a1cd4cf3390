/**
 * Models that think aloud: between `<think>` and `</think>` at the beginning of their text, where a server has not
 * taken it apart. Tags later in the text are text.
 */

const opening = "<think>"
const closing = "</think>"

/** Where in its text a model is, and what may be the beginning of a tag. */
export interface TagState {
  readonly place: "before" | "inside" | "after_tag" | "text"
  readonly held: string
}

export const beforeTags: TagState = { place: "before", held: "" }

type Said = ReadonlyArray<readonly [kind: "thinking" | "text", text: string]>

/** The longest end of a text that may be the beginning of a tag. */
const openEnd = (text: string, tag: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (tag.startsWith(text.slice(-length))) return length
  }
  return 0
}

const beforeText = (text: string): readonly [TagState, Said] => {
  const begun = text.trimStart()
  if (begun.startsWith(opening)) return splitTags({ place: "inside", held: "" }, begun.slice(opening.length))
  if (opening.startsWith(begun)) return [{ place: "before", held: text }, []]
  return [{ place: "text", held: "" }, [["text", text]]]
}

const insideText = (text: string): readonly [TagState, Said] => {
  const end = text.indexOf(closing)
  if (end < 0) {
    const held = openEnd(text, closing)
    return [
      { place: "inside", held: text.slice(text.length - held) },
      [["thinking", text.slice(0, text.length - held)]]
    ]
  }
  const [state, said] = splitTags({ place: "after_tag", held: "" }, text.slice(end + closing.length))
  return [state, [["thinking", text.slice(0, end)], ...said]]
}

/** Takes the next piece of text: what was thought and what was said, in order; pieces may be empty. */
export const splitTags = (state: TagState, piece: string): readonly [TagState, Said] => {
  const text = state.held + piece
  switch (state.place) {
    case "before":
      return beforeText(text)
    case "inside":
      return insideText(text)
    case "after_tag": {
      // The lines between the tag and the text belong to neither.
      const begun = text.trimStart()
      return begun === "" ? [state, []] : [{ place: "text", held: "" }, [["text", begun]]]
    }
    case "text":
      return [state, [["text", piece]]]
  }
}

/** What was held back when the text is over. */
export const endTags = ({ held, place }: TagState): Said =>
  held === "" ? [] : [[place === "inside" ? "thinking" : "text", held]]
