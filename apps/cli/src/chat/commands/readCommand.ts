/**
 * What a line means: a command, or words for the model. Pure.
 */

/** A line that was typed. */
export type Said =
  | { readonly _tag: "Words"; readonly text: string }
  | { readonly _tag: "Command"; readonly name: string; readonly argument: string }

/**
 * A slash begins a command, unless a blank is before it or a second one follows, which is taken off. A path is no command: it
 * has another slash.
 */
export const readCommand = (line: string): Said => {
  if (line.startsWith("//")) return { _tag: "Words", text: line.slice(1) }
  const [, name, argument = ""] = /^\/([\p{L}\p{N}_][\p{L}\p{N}_:.-]*)(?:\s+([^]*))?$/u.exec(line.trimEnd()) ?? []
  return name === undefined ? { _tag: "Words", text: line } : { _tag: "Command", name, argument: argument.trim() }
}
