/**
 * What a line means: a command, or words for the model. Pure.
 */

/** A line that was typed. */
export type Said =
  | { readonly _tag: "Words"; readonly text: string }
  | { readonly _tag: "Command"; readonly name: string; readonly argument: string }

/**
 * A slash begins a command, unless a blank is before it or a second one follows, which is taken off. By itself it asks which
 * commands there are. A path is none: its first word has another slash.
 */
export const readCommand = (line: string): Said => {
  if (line.startsWith("//")) return { _tag: "Words", text: line.slice(1) }
  if (line.trimEnd() === "/") return { _tag: "Command", name: "help", argument: "" }
  const [, name, argument = ""] = /^\/([^\s/]*)(?:\s+([^]*))?$/.exec(line.trimEnd()) ?? []
  return name === undefined ? { _tag: "Words", text: line } : { _tag: "Command", name, argument: argument.trim() }
}
