/**
 * Chat Completions on the wire, as schemas: of OpenAI and of the many that are compatible with it, each in
 * its own way. Everything that servers have been seen to leave out, or to send as null, may be so here.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"

const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/**
 * Tokens. `prompt_tokens` includes cached ones, `completion_tokens` the reasoning. What else a vendor counts (`cost`)
 * stands beside.
 */
export const UsageWire = Schema.StructWithRest(
  Schema.Struct({
    prompt_tokens: nullable(Schema.Finite),
    completion_tokens: nullable(Schema.Finite),
    total_tokens: nullable(Schema.Finite),
    prompt_tokens_details: nullable(
      Schema.Struct({ cached_tokens: nullable(Schema.Finite), cache_write_tokens: nullable(Schema.Finite) })
    ),
    completion_tokens_details: nullable(Schema.Struct({ reasoning_tokens: nullable(Schema.Finite) })),
    /** DeepSeek's name for cached tokens. */
    prompt_cache_hit_tokens: nullable(Schema.Finite),
    prompt_cache_miss_tokens: nullable(Schema.Finite)
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type UsageWire = typeof UsageWire.Type

const FunctionWire = Schema.Struct({
  name: nullable(Schema.String),
  /** A text by the API; some servers send the object itself. */
  arguments: Schema.optionalKey(Schema.Unknown)
})

/** A piece of a tool call. Pieces of one call share its `index`; where that is missing, its `id`, or what came last. */
export const ToolCallWire = Schema.Struct({
  index: nullable(Schema.Int),
  id: nullable(Schema.String),
  function: nullable(FunctionWire),
  /** Gemini: signs its calls, and refuses one that comes back without this. */
  extra_content: nullable(JsonObject)
})
export type ToolCallWire = typeof ToolCallWire.Type

/** What was said: in a chunk the `delta`, in a whole answer the `message`. */
export const SaidWire = Schema.Struct({
  /** A text, or (Mistral) a list of parts. */
  content: nullable(Schema.Union([Schema.String, Schema.Array(JsonObject)])),
  refusal: nullable(Schema.String),
  /** DeepSeek, vLLM, SGLang, llama.cpp. */
  reasoning_content: nullable(Schema.String),
  /** OpenRouter, Groq, Ollama. */
  reasoning: nullable(Schema.String),
  /** OpenRouter: what it wants back, unchanged and in order. */
  reasoning_details: nullable(Schema.Array(JsonObject)),
  tool_calls: nullable(Schema.Array(ToolCallWire)),
  function_call: nullable(FunctionWire),
  /** Where the text is from. */
  annotations: nullable(Schema.Array(JsonObject))
})
export type SaidWire = typeof SaidWire.Type

/** One chunk of a stream, and a whole answer alike. */
export const CompletionWire = Schema.Struct({
  id: nullable(Schema.String),
  model: nullable(Schema.String),
  choices: nullable(
    Schema.Array(
      Schema.Struct({
        index: nullable(Schema.Int),
        delta: nullable(SaidWire),
        message: nullable(SaidWire),
        finish_reason: nullable(Schema.String),
        /** vLLM: the stop sequence that ended the answer, or the number of a token. */
        stop_reason: nullable(Schema.Union([Schema.String, Schema.Finite])),
        /** OpenRouter: why this choice failed. */
        error: Schema.optionalKey(Schema.Unknown)
      })
    )
  ),
  usage: nullable(UsageWire)
})
export type CompletionWire = typeof CompletionWire.Type

/** An error: the body of a refusal, a chunk of a stream, or (OpenRouter) a body with status 200. */
export const ErrorWire = Schema.Struct({
  error: Schema.Union([
    Schema.String,
    Schema.Struct({
      message: nullable(Schema.String),
      type: nullable(Schema.String),
      code: nullable(Schema.Union([Schema.String, Schema.Finite])),
      metadata: nullable(JsonObject)
    })
  ])
})
export type ErrorWire = typeof ErrorWire.Type
