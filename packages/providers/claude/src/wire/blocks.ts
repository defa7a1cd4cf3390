/**
 * Content blocks by kind, as requests and answers hold them. A request may bring every one of them; answers hold
 * those that a model, or a tool that a server ran, produces. Kinds beside these are `BlockWire` and nothing more.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import { nullable, open, Typed } from "./open.ts"

/** One content block of any kind: an object that says its `type`. */
export const BlockWire = JsonObject.check(
  Schema.makeFilter((block) => typeof block["type"] === "string" || "Expected a content block with a type")
)
export type BlockWire = typeof BlockWire.Type

/** Fields of nearly every block. */
const cached = { cache_control: nullable(JsonObject) }

const kind = <const Type extends string>(type: Type) => ({ type: Schema.Literal(type) })

/** What the API may say of a result that a tool of its own had: an object, or a list of them. */
const outcome = Schema.Union([JsonObject, Schema.Array(JsonObject)])

/** The result of a tool that the API ran: all kinds have this shape. */
const serverResult = <const Type extends string>(type: Type) =>
  open({ ...kind(type), tool_use_id: Schema.String, content: outcome, caller: nullable(JsonObject), ...cached })

const textOrBlocks = Schema.Union([Schema.String, Schema.Array(BlockWire)])

/** The schema of every kind of block that this API has, by its `type`. */
export const blockSchemas = {
  text: open({ ...kind("text"), text: Schema.String, citations: nullable(Schema.Array(JsonObject)), ...cached }),
  image: open({ ...kind("image"), source: Typed, transformations: nullable(Schema.Unknown), ...cached }),
  document: open({
    ...kind("document"),
    source: Typed,
    title: nullable(Schema.String),
    context: nullable(Schema.String),
    citations: nullable(JsonObject),
    ...cached
  }),
  search_result: open({
    ...kind("search_result"),
    source: Schema.String,
    title: Schema.String,
    content: Schema.Array(BlockWire),
    citations: nullable(JsonObject),
    ...cached
  }),
  thinking: open({ ...kind("thinking"), thinking: Schema.String, signature: Schema.String }),
  redacted_thinking: open({ ...kind("redacted_thinking"), data: Schema.String }),
  tool_use: open({
    ...kind("tool_use"),
    id: Schema.String,
    name: Schema.String,
    input: Schema.Unknown,
    caller: nullable(JsonObject),
    toolset_name: nullable(Schema.String),
    ...cached
  }),
  tool_result: open({
    ...kind("tool_result"),
    tool_use_id: Schema.String,
    content: nullable(textOrBlocks),
    is_error: nullable(Schema.Boolean),
    toolset_name: nullable(Schema.String),
    ...cached
  }),
  tool_reference: open({ ...kind("tool_reference"), tool_name: Schema.String, ...cached }),
  browser_state: open({
    ...kind("browser_state"),
    tabs: Schema.Array(JsonObject),
    state_changes: nullable(Schema.Array(JsonObject)),
    ...cached
  }),
  server_tool_use: open({
    ...kind("server_tool_use"),
    id: Schema.String,
    name: Schema.String,
    input: Schema.Unknown,
    caller: nullable(JsonObject),
    ...cached
  }),
  web_search_tool_result: serverResult("web_search_tool_result"),
  web_fetch_tool_result: serverResult("web_fetch_tool_result"),
  code_execution_tool_result: serverResult("code_execution_tool_result"),
  bash_code_execution_tool_result: serverResult("bash_code_execution_tool_result"),
  text_editor_code_execution_tool_result: serverResult("text_editor_code_execution_tool_result"),
  tool_search_tool_result: serverResult("tool_search_tool_result"),
  advisor_tool_result: serverResult("advisor_tool_result"),
  mcp_tool_use: open({
    ...kind("mcp_tool_use"),
    id: Schema.String,
    name: Schema.String,
    server_name: Schema.String,
    input: Schema.Unknown,
    ...cached
  }),
  mcp_tool_result: open({
    ...kind("mcp_tool_result"),
    tool_use_id: Schema.String,
    content: nullable(textOrBlocks),
    is_error: nullable(Schema.Boolean),
    ...cached
  }),
  mcp_tool_listing: open({
    ...kind("mcp_tool_listing"),
    mcp_server_name: Schema.String,
    tools: Schema.Array(JsonObject)
  }),
  container_upload: open({ ...kind("container_upload"), file_id: Schema.String, ...cached }),
  compaction: open({
    ...kind("compaction"),
    content: nullable(Schema.String),
    encrypted_content: nullable(Schema.String),
    signature: nullable(Schema.String),
    tool_changes: nullable(Schema.Array(JsonObject)),
    ...cached
  }),
  fallback: open({ ...kind("fallback"), from: JsonObject, to: JsonObject, trigger: nullable(Schema.Unknown) }),
  tool_addition: open({ ...kind("tool_addition"), tool: JsonObject, ...cached }),
  tool_removal: open({ ...kind("tool_removal"), tool: JsonObject, ...cached })
} as const

/** The `type` of a block that this API has. */
export type BlockKind = keyof typeof blockSchemas

/** A block of a kind that is known, by its `type`. */
export type KnownBlock<Kind extends BlockKind = BlockKind> = (typeof blockSchemas)[Kind]["Type"]
