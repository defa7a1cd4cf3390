/**
 * The Anthropic Messages API on the wire (versions 2023-06-01 and 2026-10-21), as schemas. The API grows without a
 * new version: fields and kinds beyond these are neither refused nor needed, and objects keep them.
 */

// Requests
export { CountTokensRequestWire, MessageWire, RequestWire } from "./wire/request.ts"
export { McpServerWire, McpToolConfigWire, McpToolsetWire, ToolChoiceWire, ToolWire } from "./wire/tools.ts"

// Blocks
export { type BlockKind, blockSchemas, BlockWire, type KnownBlock } from "./wire/blocks.ts"

// Answers
export { deltaSchemas, ErrorWire, EventWire, ReplyWire, StopReasonWire, UsageWire } from "./wire/reply.ts"
export { LifecycleWire, ModelsPageWire, ModelWire, TokenCountWire } from "./wire/models.ts"
