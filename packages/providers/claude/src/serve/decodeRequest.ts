/**
 * A Messages request from a client, read into the vocabulary. Fields and blocks that are not known are kept,
 * never refused: current coding agents send dozens of them and try again with fewer after every refusal.
 */
import type { JsonObject, ModelRequest, ServedRequest } from "@signalbox/model"
import { Effect, Predicate, type Schema } from "effect"
import { checked, vendor } from "../blocks.ts"
import { CountTokensRequestWire, RequestWire } from "../wire/request.ts"
import { fromBlocks, invalid } from "./invalid.ts"
import { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"
import { readMcpServers, type RequestedMcpServer } from "./mcpServers.ts"
import { readMessages, readSystem } from "./readMessages.ts"
import { isMoreThanDefinition, readToolChoice, readTools } from "./readTools.ts"
import { checkVersion } from "./versionRules.ts"

/** A request of this API, with what it wants of the server beside an answer. */
export interface MessagesRequest extends ServedRequest {
  /** MCP servers whose tools the request wants; who gives it their tools sends `withoutMcpServers(request)` on. */
  readonly mcpServers: ReadonlyArray<RequestedMcpServer>
}

type Headers = Readonly<Record<string, string | undefined>>

/** Fields that the vocabulary has a place for; all others travel as the vendor's own. */
const known = new Set([
  "model",
  "max_tokens",
  "messages",
  "system",
  "stream",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "tools",
  "tool_choice"
])

/** Headers that say how a body is to be understood. */
const apiHeaders = ["anthropic-version", "anthropic-beta"]

const readHeaders = (headers: Headers) => {
  const said = apiHeaders.flatMap((name) => {
    const value = headers[name]?.trim() ?? ""
    return value === "" ? [] : [[name, value] as const]
  })
  return said.length === 0 ? {} : { vendorHeaders: { [vendor]: Object.fromEntries(said) } }
}

const present = (field: string, value: unknown) => (value === undefined || value === null ? {} : { [field]: value })

/** What a server that holds no threads and checks no calls must not pass over in silence. */
const refuseUnserved = Effect.fnUntraced(function* (given: JsonObject) {
  if (given["thread"] !== undefined && given["thread"] !== null) {
    return yield* new InvalidMessagesRequest({
      path: "thread",
      reason: "message threads are not held here; send the whole conversation",
      errorCode: "thread_unsupported_request"
    })
  }
  // Clients then check the calls themselves; silence would be taken for consent.
  if (Array.isArray(given["safeguards"]) && given["safeguards"].length > 0) {
    return yield* invalid(["safeguards"], "safeguards are not supported here")
  }
})

const checkedBody = <S extends Schema.Codec<unknown, unknown>>(schema: S) => {
  const check = checked(schema)
  return Effect.fnUntraced(function* (body: unknown) {
    if (!Predicate.isObject(body)) return yield* invalid([], "The request body must be a JSON object.")
    const given: JsonObject = { ...body }
    yield* refuseUnserved(given)
    const wire = yield* fromBlocks([], check(given))
    return { given, wire }
  })
}

/** What counting and answering have in common. */
const readAsked = Effect.fnUntraced(function* (given: JsonObject, wire: CountTokensRequestWire, headers: Headers) {
  yield* checkVersion(wire, headers["anthropic-version"]?.trim())
  const tools = wire.tools ?? []
  const special = tools.filter(isMoreThanDefinition)
  const own: JsonObject = {
    ...Object.fromEntries(Object.entries(given).filter(([field, value]) => !known.has(field) && value !== null)),
    ...(special.length === 0 ? {} : { tools: special })
  }
  return {
    mcpServers: yield* readMcpServers(wire.mcp_servers, tools),
    request: {
      model: wire.model,
      system: yield* readSystem(wire.system),
      messages: yield* readMessages(wire.messages),
      tools: yield* readTools(tools),
      ...(wire.tool_choice ? { toolChoice: yield* readToolChoice(wire.tool_choice) } : {}),
      ...(Object.keys(own).length === 0 ? {} : { vendor: { [vendor]: own } }),
      ...readHeaders(headers)
    }
  }
})

const requestBody = checkedBody(RequestWire)

/**
 * Reads the parsed body of `POST /v1/messages`.
 *
 * Fields outside the vocabulary are in `request.vendor.anthropic`, with `tools` of which a definition does not
 * say everything in the wire's own form; `makeClaude` sends both on unread, and of the headers (with names in lower
 * case) the version and the betas without which the API would refuse such fields. What comes back is the same body
 * but for nulls and empty lists, which say nothing, texts that become blocks of one text, and input schemas, which get
 * the `type` and `properties` that they lack. Fails with the first thing that is wrong, by the rules of the version that
 * the headers name. Message threads are refused with the code on which the official SDK sends the whole history
 * instead, safeguards by name.
 */
export const decodeRequest = Effect.fnUntraced(function* (
  body: unknown,
  headers: Headers = {}
): Effect.fn.Return<MessagesRequest, InvalidMessagesRequest> {
  const { given, wire } = yield* requestBody(body)
  const { mcpServers, request: asked } = yield* readAsked(given, wire, headers)
  const request: ModelRequest = {
    ...asked,
    maxTokens: wire.max_tokens,
    ...present("temperature", wire.temperature),
    ...present("topP", wire.top_p),
    ...present("topK", wire.top_k),
    ...present("stopSequences", wire.stop_sequences)
  }
  return { request, stream: wire.stream ?? false, model: wire.model, mcpServers }
})

const countBody = checkedBody(CountTokensRequestWire)

/**
 * Reads the parsed body of `POST /v1/messages/count_tokens`, by the same rules. No answer is limited.
 */
export const decodeCountTokensRequest = Effect.fnUntraced(function* (
  body: unknown,
  headers: Headers = {}
): Effect.fn.Return<MessagesRequest, InvalidMessagesRequest> {
  const { given, wire } = yield* countBody(body)
  const { mcpServers, request } = yield* readAsked(given, wire, headers)
  return { request, stream: false, model: wire.model, mcpServers }
})
