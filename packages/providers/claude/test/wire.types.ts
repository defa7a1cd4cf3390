/**
 * Checked by the compiler alone: our wire types against those of the official SDK, of this major version and of the one
 * before. What a client may send we take, and what we send a client can read.
 */
import type Anthropic from "@anthropic-ai/sdk"
import type Previous from "@anthropic-ai/sdk-0"
import type {
  BlockKind,
  BlockWire,
  CountTokensRequestWire,
  deltaSchemas,
  ErrorWire,
  EventWire,
  KnownBlock,
  McpServerWire,
  McpToolsetWire,
  MessageWire,
  ModelsPageWire,
  ModelWire,
  ReplyWire,
  RequestWire,
  StopReasonWire,
  TokenCountWire,
  ToolChoiceWire,
  ToolWire,
  UsageWire
} from "@signalbox/provider-claude/wire"

type Beta = Anthropic.Beta.Messages.MessageCreateParams
type PreviousBeta = Previous.Beta.Messages.MessageCreateParams

/** The same shape as an object literal would have: interfaces are not assignable to index signatures. */
type Plain<T> = T extends string | number | boolean | null | undefined ? T : { [K in keyof T]: Plain<T[K]> }

/** What we write without knowing whether the reader wants to change it. */
type Mutable<T> =
  T extends ReadonlyArray<infer Item>
    ? Array<Mutable<Item>>
    : T extends object
      ? { -readonly [K in keyof T as string extends K ? never : K]: Mutable<T[K]> }
      : T

/** As the API answers in truth: fields that may be null may also be absent. */
type Lenient<T> =
  T extends ReadonlyArray<infer Item>
    ? Array<Lenient<Item>>
    : T extends object
      ? { [K in keyof T as null extends T[K] ? never : K]: Lenient<T[K]> } & {
          [K in keyof T as null extends T[K] ? K : never]?: Lenient<T[K]>
        }
      : T

/** Fails to compile where `Given` is not taken. */
type Takes<Wanted, Given extends Wanted> = [Wanted, Given]

/** The member of a union with this `type`. */
type Of<Union, Type> = Extract<Union, { type: Type }>

/** Names of members of which the check is false. */
type Broken<Union extends { type: string }, Known> = {
  [Type in Union["type"]]: Type extends keyof Known ? (Plain<Of<Union, Type>> extends Known[Type] ? never : Type) : Type
}[Union["type"]]

type KnownBlocks = { [Kind in BlockKind]: KnownBlock<Kind> }
type KnownDeltas = { [Kind in keyof typeof deltaSchemas]: (typeof deltaSchemas)[Kind]["Type"] }
type ResultContent<Block> = Exclude<
  Extract<Block, { type: "tool_result" }> extends { content?: infer C } ? C : never,
  string
>
type InResults<Block> = ResultContent<Block> extends Array<infer Item> | undefined ? Item : never

/** Fields of the parameters that are headers on the wire. */
type HeaderFields = "betas" | "user_profile_id" | "workspace_id"
type BodyOf<Params> = Plain<Omit<Params, HeaderFields>>
type FieldsOf<Params> = Exclude<keyof Params, HeaderFields>
type NamedFields<Wire> = keyof { [K in keyof Wire as string extends K ? never : K]: true }

export type Requests = [
  // Whole bodies, of both APIs and both majors.
  Takes<RequestWire, BodyOf<Anthropic.MessageCreateParamsNonStreaming>>,
  Takes<RequestWire, BodyOf<Anthropic.MessageCreateParamsStreaming>>,
  Takes<RequestWire, BodyOf<Anthropic.Beta.Messages.MessageCreateParamsNonStreaming>>,
  Takes<RequestWire, BodyOf<Previous.MessageCreateParamsNonStreaming>>,
  Takes<RequestWire, BodyOf<Previous.Beta.Messages.MessageCreateParamsStreaming>>,
  Takes<CountTokensRequestWire, BodyOf<Anthropic.Beta.Messages.MessageCountTokensParams>>,
  Takes<CountTokensRequestWire, BodyOf<Previous.MessageCountTokensParams>>,
  Takes<MessageWire, Plain<Anthropic.Beta.Messages.BetaMessageParam>>,
  // No field of theirs is without a name of ours.
  Takes<NamedFields<RequestWire>, FieldsOf<Anthropic.MessageCreateParamsNonStreaming>>,
  Takes<NamedFields<RequestWire>, FieldsOf<Beta>>,
  Takes<NamedFields<RequestWire>, FieldsOf<PreviousBeta>>,
  Takes<NamedFields<CountTokensRequestWire>, FieldsOf<Anthropic.Beta.Messages.MessageCountTokensParams>>,
  Takes<ToolChoiceWire, Plain<Anthropic.ToolChoice>>,
  Takes<ToolWire, Plain<Anthropic.Beta.Messages.BetaToolUnion>>,
  Takes<ToolWire, Plain<Previous.Beta.Messages.BetaToolUnion>>,
  Takes<NamedFields<ToolWire>, keyof Anthropic.Beta.Messages.BetaTool>,
  Takes<McpServerWire, Plain<Anthropic.Beta.Messages.BetaRequestMCPServerURLDefinition>>,
  Takes<McpToolsetWire, Plain<Anthropic.Beta.Messages.BetaMCPToolset>>,
  Takes<NamedFields<McpToolsetWire>, keyof Anthropic.Beta.Messages.BetaMCPToolset>
]

export type Blocks = [
  Takes<never, Broken<Anthropic.ContentBlockParam, KnownBlocks>>,
  Takes<never, Broken<Anthropic.Beta.Messages.BetaContentBlockParam, KnownBlocks>>,
  Takes<never, Broken<Previous.Beta.Messages.BetaContentBlockParam, KnownBlocks>>,
  Takes<never, Broken<InResults<Anthropic.Beta.Messages.BetaContentBlockParam>, KnownBlocks>>,
  Takes<never, Broken<Anthropic.ContentBlock, KnownBlocks>>,
  Takes<never, Broken<Anthropic.Beta.Messages.BetaContentBlock, KnownBlocks>>,
  Takes<never, Broken<Previous.Beta.Messages.BetaContentBlock, KnownBlocks>>,
  Takes<never, Broken<Anthropic.Beta.Messages.BetaRawContentBlockDelta, KnownDeltas>>,
  Takes<never, Broken<Anthropic.RawContentBlockDelta, KnownDeltas>>,
  Takes<BlockWire, Plain<Anthropic.Beta.Messages.BetaContentBlockParam>>
]

/** What the SDK reads of a block that we make ourselves. */
type Made<Kind extends BlockKind> = Omit<Mutable<KnownBlock<Kind>>, "cache_control" | "caller" | "citations">
type Read<Kind> = Omit<
  Lenient<Of<Anthropic.Beta.Messages.BetaContentBlock, Kind>>,
  "caller" | "citations" | "content" | "is_error"
>

export type Answers = [
  Takes<
    Lenient<
      Omit<Anthropic.Message, "content" | "container" | "diagnostics" | "stop_details" | "stop_reason" | "usage">
    >,
    Mutable<ReplyWire>
  >,
  Takes<
    Lenient<Omit<Previous.Message, "content" | "container" | "stop_details" | "stop_reason" | "usage">>,
    Mutable<ReplyWire>
  >,
  Takes<Pick<Lenient<Anthropic.Usage>, "cache_creation_input_tokens" | "cache_read_input_tokens">, Mutable<UsageWire>>,
  Takes<StopReasonWire, Anthropic.Beta.Messages.BetaStopReason>,
  Takes<Anthropic.Beta.Messages.BetaStopReason, StopReasonWire>,
  Takes<StopReasonWire, Previous.StopReason>,
  Takes<Read<"text">, Made<"text">>,
  Takes<Read<"thinking">, Made<"thinking">>,
  Takes<Read<"redacted_thinking">, Made<"redacted_thinking">>,
  Takes<Read<"tool_use">, Made<"tool_use">>,
  Takes<Read<"mcp_tool_use">, Made<"mcp_tool_use">>,
  Takes<Read<"mcp_tool_result">, Made<"mcp_tool_result">>,
  Takes<EventWire["type"], Anthropic.MessageStreamEvent["type"]>,
  Takes<Anthropic.MessageStreamEvent["type"], Exclude<EventWire["type"], "error" | "ping">>,
  Takes<Lenient<Omit<Anthropic.RawContentBlockStopEvent, never>>, Mutable<Of<EventWire, "content_block_stop">>>,
  Takes<Omit<Anthropic.RawContentBlockStartEvent, "content_block">, Mutable<Of<EventWire, "content_block_start">>>,
  Takes<Omit<Anthropic.RawContentBlockDeltaEvent, "delta">, Mutable<Of<EventWire, "content_block_delta">>>,
  Takes<Anthropic.RawMessageStopEvent, Mutable<Of<EventWire, "message_stop">>>,
  Takes<Omit<Anthropic.ErrorResponse, "error" | "request_id">, Mutable<ErrorWire>>,
  Takes<
    Lenient<Omit<Anthropic.ModelInfo, "capabilities" | "line">>,
    Required<Omit<Mutable<ModelWire>, "capabilities" | "line">>
  >,
  Takes<ModelWire, Plain<Anthropic.ModelInfo>>,
  Takes<ModelWire, Plain<Previous.ModelInfo>>,
  Takes<NamedFields<ModelWire>, keyof Anthropic.ModelInfo>,
  Takes<TokenCountWire, Plain<Anthropic.Beta.Messages.BetaMessageTokensCount>>,
  Takes<Anthropic.MessageTokensCount, Mutable<TokenCountWire>>,
  Takes<ReplyWire, Plain<Anthropic.Message>>,
  Takes<ReplyWire, Plain<Anthropic.Beta.Messages.BetaMessage>>,
  Takes<ReplyWire, Plain<Previous.Message>>,
  Takes<ModelsPageWire["has_more"], boolean>
]
