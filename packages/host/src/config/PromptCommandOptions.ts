/**
 * `conversation.promptCommands`: where the Markdown files are that are sent as prompts.
 */
import { Schema } from "effect"

/** The section of `conversation`. */
export const PromptCommandSection = Schema.Struct({
  folders: Schema.Array(Schema.NonEmptyString)
})
