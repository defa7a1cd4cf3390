/**
 * `conversation.instructions`: what a project and its user tell every model that works on it.
 */
import { Schema } from "effect"
import { PositiveInt } from "./schemas.ts"

const FileName = Schema.String.check(
  Schema.isPattern(/^[^/\\]+$/, { message: "Expected the name of a file, without its folder" })
)

/** The section of `conversation`. */
export const InstructionsSection = Schema.Struct({
  files: Schema.Array(FileName),
  own: Schema.String,
  maxCharacters: PositiveInt
})
