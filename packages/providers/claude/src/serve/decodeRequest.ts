/**
 * A Messages request from a client, read into the vocabulary. Fields and blocks that are not known are kept,
 * never refused: current coding agents send dozens of them and try again with fewer after every refusal.
 */
import type {
  JsonObject,
  Message,
  ModelRequest,
  ServedRequest,
  TextBlock,
  ToolChoice,
  ToolDefinition
} from "@signalbox/model"
import { Effect, Predicate, Result, Schema } from "effect"
import { type BlockIssue, firstIssue, forEachBlock, fromWireBlock, unreadFields, vendor } from "../blocks.ts"
import { type BlockWire, RequestWire } from "../wire.ts"
import { foldHostCalls } from "./hostCalls.ts"
import { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

const invalid = (path: ReadonlyArray<PropertyKey>, reason: string): InvalidMessagesRequest =>
  new InvalidMessagesRequest({ path: path.map(String).join("."), reason })

const decodeBody = Schema.decodeUnknownEffect(RequestWire)

/** Fields that the vocabulary has a place for; all others travel as the vendor's own. */
const known = new Set(Object.keys(RequestWire.fields))

/** Tools by whose `type` Anthropic runs them itself. */
const isProviderTool = ({ type }: JsonObject): boolean =>
  typeof type === "string" && /^(web_search|web_fetch|code_execution|tool_search_tool|advisor)_/.test(type)

const emptySchema: JsonObject = { type: "object", properties: {} }

const toolDefinition = (tool: JsonObject, name: string): ToolDefinition => ({
  name,
  originalName: name,
  description: typeof tool["description"] === "string" ? tool["description"] : "",
  inputSchema: Predicate.isObject(tool["input_schema"]) ? { ...emptySchema, ...tool["input_schema"] } : emptySchema,
  annotations: {},
  runBy: isProviderTool(tool) ? { _tag: "Provider" } : { _tag: "Caller" },
  isTrusted: false
})

const plainToolFields = new Set(["name", "description", "input_schema"])

/** A tool of which a definition does not say everything: typed, deferred, cached, strict, without a name. */
const isMoreThanDefinition = (tool: JsonObject): boolean =>
  Object.entries(tool).some(([field, value]) => !plainToolFields.has(field) && value !== null && value !== "custom")

const toolChoice = (
  choice: NonNullable<RequestWire["tool_choice"]>
): Effect.Effect<ToolChoice, InvalidMessagesRequest> => {
  const parallel = choice.disable_parallel_tool_use === true ? { disableParallel: true } : {}
  if (choice.type === "none") return Effect.succeed({ type: "none" })
  if (choice.type !== "tool") return Effect.succeed({ type: choice.type, ...parallel })
  return typeof choice.name === "string"
    ? Effect.succeed({ type: "tool", name: choice.name, ...parallel })
    : Effect.fail(invalid(["tool_choice", "name"], "Missing key"))
}

const fromBlocks = <A>(
  path: ReadonlyArray<PropertyKey>,
  result: Result.Result<A, BlockIssue>
): Effect.Effect<A, InvalidMessagesRequest> =>
  Result.match(result, {
    onSuccess: (value) => Effect.succeed(value),
    onFailure: (issue) => Effect.fail(invalid([...path, ...issue.path], issue.reason))
  })

const textBlocks = (content: string | ReadonlyArray<BlockWire>): ReadonlyArray<BlockWire> =>
  typeof content !== "string" ? content : content === "" ? [] : [{ type: "text", text: content }]

const readSystem = (system: RequestWire["system"]): Effect.Effect<ReadonlyArray<TextBlock>, InvalidMessagesRequest> => {
  if (system === undefined || system === null) return Effect.succeed([])
  const read = forEachBlock(textBlocks(system), (block) =>
    Result.flatMap(fromWireBlock(block), (converted) =>
      converted.type === "text"
        ? Result.succeed(converted)
        : Result.fail({ path: ["type"], reason: 'Expected "text"' } satisfies BlockIssue)
    )
  )
  return fromBlocks(["system"], read)
}

const messageFields = RequestWire.fields.messages.value.fields

const readMessages = Effect.fnUntraced(function* (wire: RequestWire["messages"], given: unknown) {
  const raw: ReadonlyArray<unknown> = Array.isArray(given) ? given : []
  const messages: Array<Message> = []
  for (const [index, { content, role }] of wire.entries()) {
    const path = ["messages", index, "content"]
    const blocks = textBlocks(content)
    // As in the API: only the last assistant turn, a prefill, may be empty.
    if (blocks.length === 0 && !(role === "assistant" && index === wire.length - 1)) {
      return yield* invalid(path, "must not be empty")
    }
    const read = yield* fromBlocks(path, forEachBlock(blocks, fromWireBlock))
    messages.push({ role, content: read, ...unreadFields(raw[index], messageFields) })
  }
  return foldHostCalls(messages)
})

const readTools = Effect.fnUntraced(function* (wire: ReadonlyArray<JsonObject>) {
  const tools: Array<ToolDefinition> = []
  for (const [index, tool] of wire.entries()) {
    const name = tool["name"]
    if (typeof name === "string" && name !== "") tools.push(toolDefinition(tool, name))
    else if (tool["type"] === undefined || tool["type"] === "custom") {
      return yield* invalid(["tools", index, "name"], "Missing key")
    }
  }
  return tools
})

/** Headers that say how a body is to be understood. */
const apiHeaders = ["anthropic-version", "anthropic-beta"]

const readHeaders = (headers: Readonly<Record<string, string | undefined>>) => {
  const said = apiHeaders.flatMap((name) => {
    const value = headers[name]?.trim() ?? ""
    return value === "" ? [] : [[name, value] as const]
  })
  return said.length === 0 ? {} : { vendorHeaders: { [vendor]: Object.fromEntries(said) } }
}

const present = (field: string, value: unknown) => (value === undefined || value === null ? {} : { [field]: value })

/**
 * Reads the parsed body of `POST /v1/messages` (or of `count_tokens`, after giving it a `max_tokens`).
 *
 * Fields outside the vocabulary are in `request.vendor.anthropic`, with `tools` of which a definition does not
 * say everything in the wire's own form; `makeClaude` sends both on unread, and of the headers (with names in lower
 * case) the version and the betas without which the API would refuse such fields. Fails with the first thing that is
 * wrong. Message threads are refused with the code on which the official SDK sends the whole history instead.
 */
export const decodeRequest = Effect.fnUntraced(function* (
  body: unknown,
  headers: Readonly<Record<string, string | undefined>> = {}
): Effect.fn.Return<ServedRequest, InvalidMessagesRequest> {
  if (!Predicate.isObject(body)) return yield* invalid([], "The request body must be a JSON object.")
  const given: JsonObject = { ...body }
  if (given["thread"] !== undefined && given["thread"] !== null) {
    return yield* new InvalidMessagesRequest({
      path: "thread",
      reason: "message threads are not held here; send the whole conversation",
      errorCode: "thread_unsupported_request"
    })
  }
  const wire = yield* decodeBody(given).pipe(
    Effect.mapError((error) => {
      const issue = firstIssue(error)
      return invalid(issue.path, issue.reason)
    })
  )
  const system = yield* readSystem(wire.system)
  const messages = yield* readMessages(wire.messages, given["messages"])
  const tools = wire.tools ?? []
  const definitions = yield* readTools(tools)
  const special = tools.filter(isMoreThanDefinition)
  const own: JsonObject = {
    ...Object.fromEntries(Object.entries(given).filter(([field, value]) => !known.has(field) && value !== null)),
    ...(special.length === 0 ? {} : { tools: special })
  }
  const request: ModelRequest = {
    model: wire.model,
    system,
    messages,
    tools: definitions,
    maxTokens: wire.max_tokens,
    ...present("temperature", wire.temperature),
    ...present("topP", wire.top_p),
    ...present("topK", wire.top_k),
    ...present("stopSequences", wire.stop_sequences),
    ...(wire.tool_choice ? { toolChoice: yield* toolChoice(wire.tool_choice) } : {}),
    ...(Object.keys(own).length === 0 ? {} : { vendor: { [vendor]: own } }),
    ...readHeaders(headers)
  }
  return { request, stream: wire.stream ?? false, model: wire.model }
})
