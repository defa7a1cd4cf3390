/**
 * One built-in tool: its definition, and its work. Arguments are checked by the same schema that the model is shown.
 */
import {
  type CallContext,
  InvalidParams,
  type JsonObject,
  jsonSchemaOf,
  type ToolAnnotations,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Schema, SchemaIssue } from "effect"
import type { NotApproved } from "./approval.ts"
import type { BuiltInError } from "./errors.ts"
import type { BuiltInName } from "./ToolsOptions.ts"

/** What a tool has to say: a text for the model, and the same as data for programs. */
export interface ToolOutput {
  readonly text: string
  readonly data?: unknown
  /** The tool ran and its answer is a bad one, such as a command that ended with an exit code. */
  readonly isError?: boolean
}

/** How a call can end without an answer. */
export type BuiltInFailure = BuiltInError | InvalidParams | NotApproved

/** One built-in tool. */
export interface BuiltIn {
  readonly name: BuiltInName
  readonly definition: (source: string) => ToolDefinition
  readonly run: (input: JsonObject, context: CallContext) => Effect.Effect<ToolOutput, BuiltInFailure>
  /** Its time is a parameter of its calls, so the limit of its options is not held against it. */
  readonly isSelfTimed: boolean
}

interface BuiltInSpec<Input> {
  readonly name: BuiltInName
  readonly description: string
  readonly input: Schema.Codec<Input, unknown>
  readonly annotations: ToolAnnotations
  readonly isSelfTimed?: boolean
  /** It asks for approval where its policy leaves a call to a person. */
  readonly mayAsk?: boolean
  readonly run: (input: Input, context: CallContext) => Effect.Effect<ToolOutput, BuiltInFailure>
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Makes a tool of its schema and its work. */
export const builtIn = <Input>(spec: BuiltInSpec<Input>): BuiltIn => {
  const { jsonSchema } = jsonSchemaOf(spec.input)
  const decode = Schema.decodeUnknownEffect(spec.input, { errors: "all", onExcessProperty: "error" })
  return {
    name: spec.name,
    isSelfTimed: spec.isSelfTimed ?? false,
    definition: (source) => ({
      name: spec.name,
      originalName: spec.name,
      description: spec.description,
      inputSchema: jsonSchema,
      annotations: spec.annotations,
      runBy: { _tag: "Host", source },
      isTrusted: true,
      // Each is held to `limits.tools`, or ends by itself.
      hasOwnTimeLimit: true,
      ...(spec.mayAsk === true ? { mayAskItself: true } : {})
    }),
    run: (input, context) =>
      decode(input).pipe(
        Effect.mapError(
          ({ issue }) =>
            new InvalidParams({
              toolName: spec.name,
              validationErrors: issuesOf(issue).issues.map(({ message, path }) => ({
                field: (path ?? []).map(String).join("."),
                type: "schema",
                message: words.get(message) ?? message
              }))
            })
        ),
        Effect.flatMap((decoded) => spec.run(decoded, context))
      )
  }
}

/** What the schema says of names, in words for whoever wrote the arguments. */
const words: ReadonlyMap<string, string> = new Map([
  ["Expected no excess property", "there is no such parameter"],
  ["Missing key", "it is missing"]
])

/** The failure of arguments that fit the schema, and still do not make sense together. */
export const invalidInput = (toolName: BuiltInName, field: string, message: string): InvalidParams =>
  new InvalidParams({ toolName, validationErrors: [{ field, type: "value", message }] })
