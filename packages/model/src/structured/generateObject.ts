/**
 * A typed value from a model: its answer is decoded by a schema, and it is told what was wrong until it is right.
 */
import { type Effect, type Schema } from "effect"
import { type ModelError, type StructuredOutputInvalid } from "../errors.ts"
import { type LanguageModel } from "../LanguageModel.ts"
import { type ModelRequest, type Usage } from "../Message.ts"

/** What is asked for. */
export interface GenerateObjectOptions<A> {
  readonly model: LanguageModel["Service"]
  readonly schema: Schema.Decoder<A>
  /** Its tools and tool choice are replaced. */
  readonly request: ModelRequest
  /** Default: 3. */
  readonly attempts?: number
  /** `tool`: a tool that the model must call. `json`: its text, which has to be JSON. Default: `tool`. */
  readonly mode?: "tool" | "json"
  /** What the model sees as the name of the object. Default: `answer`. */
  readonly name?: string
}

/** The value, and what it took. */
export interface GeneratedObject<A> {
  readonly value: A
  /** The sum over all attempts. */
  readonly usage: Usage
  readonly attempts: number
}

/** Asks for an object. */
export declare const generateObject: <A>(
  options: GenerateObjectOptions<A>
) => Effect.Effect<GeneratedObject<A>, ModelError | StructuredOutputInvalid>
