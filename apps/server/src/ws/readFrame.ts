/** Reads a frame of a client. What is wrong with it is named field by field. */
import { Effect, Option, Predicate, Schema, SchemaIssue } from "effect"
import { ClientFrame } from "./frames.ts"
import { FrameInvalid } from "./errors.ts"

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const decode = Schema.decodeUnknownEffect(ClientFrame, { errors: "all" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** The id of a frame, valid or not: so that its error finds who asked. */
const requestIdOf = (value: unknown): string | null =>
  Predicate.hasProperty(value, "request_id") && typeof value.request_id === "string" ? value.request_id : null

const fieldOf = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> = []): string =>
  path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")

/** What a frame is. */
export type ReadFrame =
  | { readonly _tag: "Valid"; readonly frame: ClientFrame }
  | { readonly _tag: "Invalid"; readonly requestId: string | null; readonly error: FrameInvalid }

const invalid = (requestId: string | null, error: FrameInvalid): ReadFrame => ({ _tag: "Invalid", requestId, error })

/** Reads a frame. */
export const readFrame = (text: string): Effect.Effect<ReadFrame> => {
  const value = parse(text)
  if (Option.isNone(value)) {
    const noJson = { field: "", message: "The frame is no JSON." }
    return Effect.succeed(invalid(null, new FrameInvalid({ validationErrors: [noJson] })))
  }
  return Effect.match(decode(value.value), {
    onSuccess: (frame): ReadFrame => ({ _tag: "Valid", frame }),
    onFailure: ({ issue }) => {
      const validationErrors = format(issue).issues.map(({ message, path }) => ({ field: fieldOf(path), message }))
      return invalid(requestIdOf(value.value), new FrameInvalid({ validationErrors }))
    }
  })
}
