/**
 * A Responses request read into the vocabulary. Nothing is held here between requests, so that what refers to an
 * earlier response is refused in the words on which clients send the whole conversation instead.
 */
import {
  type ApprovalAnswer,
  isJsonObject,
  type JsonObject,
  type ModelRequest,
  type ServedRequest
} from "@signalbox/model"
import { Effect } from "effect"
import { distinctTools, formsOf } from "../callForms.ts"
import { historyOf } from "../history.ts"
import { InvalidResponsesRequest } from "../InvalidRequest.ts"
import { checked, issueFields, refuse, type RequestIssue } from "../issue.ts"
import { leaveOut } from "../leaveOut.ts"
import { requestFields, withParallel } from "../requestFields.ts"
import { readApprovals } from "./readApprovals.ts"
import { readChoice, readTools } from "./readTools.ts"
import { readItems } from "./readItems.ts"
import { type RequestedServer, shownMcp } from "./readMcp.ts"
import type { ResponsesAnswer } from "./ResponsesState.ts"
import { ResponsesRequestWire } from "./wire.ts"

/** A request, and what its answer depends on. */
export interface ServedResponsesRequest extends ServedRequest {
  readonly answer: ResponsesAnswer
  /** What it says of calls that were waiting for approval. */
  readonly approvals: ReadonlyArray<ApprovalAnswer>
  /** MCP servers that it names; absent where it says nothing of servers. */
  readonly servers?: ReadonlyArray<RequestedServer>
}

const checkedBody = checked(ResponsesRequestWire)

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** What would need a store of responses, or of prompts. */
const refuseHeld = (wire: ResponsesRequestWire): Effect.Effect<void, RequestIssue> => {
  if (isGiven(wire.previous_response_id)) {
    return refuse(
      ["previous_response_id"],
      `Previous response with id '${wire.previous_response_id}' not found. Responses are not stored here: send the whole conversation.`,
      "previous_response_not_found"
    )
  }
  if (isGiven(wire.conversation)) {
    return refuse(["conversation"], "Conversations are not stored here: send the whole conversation as input.")
  }
  if (isGiven(wire.prompt)) return refuse(["prompt"], "Prompts are not stored here: send instructions and input.")
  return wire.background === true
    ? refuse(["background"], "Responses are not made in the background here.", "unsupported_parameter")
    : Effect.void
}

/** The format of the answer, as Chat Completions has it. */
const responseFormat = (wire: ResponsesRequestWire): JsonObject | undefined => {
  const format = wire.text?.format ?? undefined
  if (format === undefined || format["type"] === "text") return undefined
  if (format["type"] !== "json_schema") return format
  const { type, ...schema } = format
  return { type, json_schema: schema }
}

/** Fields that mean the same in Chat Completions. */
const shared = ["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"]

const unreadOf = (body: JsonObject, wire: ResponsesRequestWire): JsonObject => ({
  ...Object.fromEntries(shared.flatMap((field) => (isGiven(body[field]) ? [[field, body[field]]] : []))),
  ...(isGiven(wire.text?.verbosity) ? { verbosity: wire.text?.verbosity } : {})
})

const shownTools = (tools: unknown): ReadonlyArray<unknown> =>
  (Array.isArray(tools) ? tools : []).map((tool) =>
    isJsonObject(tool) && tool["type"] === "mcp" ? shownMcp(tool) : tool
  )

/** What responses say of their request; the defaults are those of the API. */
const echoOf = (body: JsonObject): JsonObject => {
  const given = (field: string, otherwise: unknown) => ({ [field]: body[field] ?? otherwise })
  return {
    background: false,
    ...given("instructions", null),
    ...given("max_output_tokens", null),
    ...given("max_tool_calls", null),
    ...given("metadata", {}),
    ...given("parallel_tool_calls", true),
    previous_response_id: null,
    ...given("prompt_cache_key", null),
    ...given("reasoning", { effort: null, summary: null }),
    ...given("safety_identifier", null),
    ...given("service_tier", "default"),
    store: false,
    ...given("temperature", null),
    text: { format: { type: "text" }, ...(isJsonObject(body["text"]) ? body["text"] : {}) },
    ...given("tool_choice", "auto"),
    tools: shownTools(body["tools"]),
    ...given("top_p", null),
    truncation: "disabled",
    ...given("user", null)
  }
}

/** Calls are told apart by the labels of their servers. */
const distinctServers = (
  servers: ReadonlyArray<RequestedServer>
): Effect.Effect<ReadonlyArray<RequestedServer>, RequestIssue> => {
  const twice = servers.find(({ name }, index) => servers.findIndex((server) => server.name === name) !== index)
  return twice === undefined
    ? Effect.succeed(servers)
    : refuse(["tools"], `There are two MCP servers with the server_label "${twice.name}".`)
}

const decode = Effect.fnUntraced(function* (body: unknown): Effect.fn.Return<ServedResponsesRequest, RequestIssue> {
  if (!isJsonObject(body)) return yield* refuse([], "The request body must be a JSON object.")
  const wire = yield* checkedBody(body)
  yield* refuseHeld(wire)
  const instructions = [{ type: "text" as const, text: wire.instructions ?? "" }].filter(({ text }) => text !== "")
  const items = yield* readItems(wire.input)
  const { messages, system } = historyOf([{ type: "system", content: instructions }, ...items])
  if (messages.length === 0) return yield* refuse(["input"], "There is nothing to answer.")
  const read = yield* readTools({ tools: wire.tools ?? [], input: wire.input })
  yield* leaveOut("tools", read.leftOut)
  const { choice, tools } = yield* readChoice(wire.tool_choice, distinctTools(read.tools))
  const request: ModelRequest = {
    model: wire.model,
    system,
    messages,
    tools: tools.map(({ definition }) => definition),
    ...requestFields({
      maxTokens: wire.max_output_tokens,
      temperature: wire.temperature,
      topP: wire.top_p,
      effort: wire.reasoning?.effort,
      responseFormat: responseFormat(wire),
      toolChoice: withParallel(choice, wire.parallel_tool_calls, tools.length > 0),
      unread: { ...unreadOf(body, wire), ...(read.vendorTools.length === 0 ? {} : { tools: read.vendorTools }) }
    })
  }
  return {
    request,
    stream: wire.stream ?? false,
    model: wire.model,
    approvals: yield* readApprovals(wire.input),
    ...(read.servers.length === 0 ? {} : { servers: yield* distinctServers(read.servers) }),
    answer: { echo: echoOf(body), callForms: formsOf(tools) }
  }
})

/**
 * Reads the parsed body of `POST /v1/responses`.
 *
 * `request.vendor.openai` is in the words of Chat Completions; effort and format of the answer are in
 * `request.vendor.anthropic` too. Fails with the first thing that is wrong.
 */
export const decodeResponsesRequest = (
  body: unknown,
  _headers: Readonly<Record<string, string | undefined>> = {}
): Effect.Effect<ServedResponsesRequest, InvalidResponsesRequest> =>
  Effect.mapError(decode(body), (issue) => new InvalidResponsesRequest(issueFields(issue)))
