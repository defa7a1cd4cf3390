/**
 * A Chat Completions request read into the vocabulary. Fields that are not known go on to servers of the same
 * API; parts and messages that no model could be shown are refused with their path.
 */
import {
  isJsonObject,
  type JsonObject,
  type ModelRequest,
  type ServedRequest,
  type ToolChoice,
  type ToolDefinition
} from "@signalbox/model"
import { Effect, Predicate } from "effect"
import { callerTool, customTool, distinctTools, formsOf, type ServedTool } from "../callForms.ts"
import { historyOf } from "../history.ts"
import { InvalidChatRequest } from "../InvalidRequest.ts"
import { checked, forEachAt, issueFields, refuse, type RequestIssue } from "../issue.ts"
import { leaveOut } from "../leaveOut.ts"
import { plainChoice, requestFields, withParallel } from "../requestFields.ts"
import { readMessages } from "./decodeMessages.ts"
import type { ChatAnswer } from "./ChatState.ts"
import { ChatRequestWire } from "./wire.ts"

/** A request, and what its answer depends on. */
export interface ServedChatRequest extends ServedRequest {
  readonly answer: ChatAnswer
}

const known = new Set(Object.keys(ChatRequestWire.fields))

const checkedBody = checked(ChatRequestWire)

/** What this API has and no turn here can do: a client that asks for it would take less for all there is. */
const refuseUnserved = (wire: ChatRequestWire): Effect.Effect<void, RequestIssue> => {
  if (typeof wire.n === "number" && wire.n !== 1)
    return refuse(["n"], "Only one choice is made here.", "unsupported_value")
  if ((wire.modalities ?? []).some((modality) => modality !== "text")) {
    return refuse(["modalities"], "Only text is answered here.", "unsupported_value")
  }
  return (wire.functions ?? []).length > 0
    ? refuse(
        ["functions"],
        "Functions are deprecated and not supported here: send them as tools.",
        "unsupported_parameter"
      )
    : Effect.void
}

const readTool = (
  tool: JsonObject,
  path: ReadonlyArray<PropertyKey>
): Effect.Effect<ServedTool | string, RequestIssue> => {
  const type = typeof tool["type"] === "string" ? tool["type"] : "function"
  const inner = type === "function" || type === "custom" ? tool[type] : undefined
  if (type !== "function" && type !== "custom") return Effect.succeed(type)
  if (!isJsonObject(inner)) return refuse([...path, type], "Missing key")
  const { description, name, parameters } = inner
  if (typeof name !== "string" || name === "") return refuse([...path, type, "name"], "Missing key")
  return Effect.succeed(
    type === "custom" ? customTool(name, name, inner) : { definition: callerTool(name, description, parameters) }
  )
}

interface ReadChoice {
  readonly choice: ToolChoice | undefined
  /** The only tools that may be used, where not all may. */
  readonly allowed?: ReadonlySet<string>
}

const nameIn = (tool: unknown): string | undefined => {
  if (!isJsonObject(tool)) return undefined
  const inner = [tool["function"], tool["custom"], tool].find(
    (object) => isJsonObject(object) && typeof object["name"] === "string"
  )
  return isJsonObject(inner) ? String(inner["name"]) : undefined
}

const readChoice = (given: ChatRequestWire["tool_choice"]): Effect.Effect<ReadChoice, RequestIssue> => {
  if (given === undefined || given === null) return Effect.succeed({ choice: undefined })
  if (typeof given === "string") {
    return Effect.map(plainChoice(given), (choice) => ({ choice }))
  }
  if (given["type"] === "allowed_tools") {
    const allowed = isJsonObject(given["allowed_tools"]) ? given["allowed_tools"] : given
    const tools: ReadonlyArray<unknown> = Array.isArray(allowed["tools"]) ? allowed["tools"] : []
    return Effect.succeed({
      choice: { type: allowed["mode"] === "required" ? "any" : "auto" },
      allowed: new Set(tools.map(nameIn).filter(Predicate.isNotUndefined))
    })
  }
  const name = nameIn(given)
  return name === undefined
    ? refuse(["tool_choice", "function", "name"], "Missing key")
    : Effect.succeed({ choice: { type: "tool", name } })
}

const asksForUsage = ({ stream_options, usage }: ChatRequestWire): boolean =>
  stream_options?.include_usage === true || usage?.include === true

const isOpenRouterSdk = (headers: Readonly<Record<string, string | undefined>>): boolean =>
  [headers["user-agent"], headers["x-openrouter-sdk-version"]].some((said) => said?.includes("ai-sdk/openrouter"))

const effortOf = (wire: ChatRequestWire, given: JsonObject): string | null | undefined => {
  if (wire.reasoning_effort !== undefined && wire.reasoning_effort !== null) return wire.reasoning_effort
  const reasoning = given["reasoning"]
  if (!isJsonObject(reasoning)) return undefined
  if (reasoning["enabled"] === false) return "none"
  return typeof reasoning["effort"] === "string" ? reasoning["effort"] : undefined
}

const decode = Effect.fnUntraced(function* (
  body: unknown,
  headers: Readonly<Record<string, string | undefined>>
): Effect.fn.Return<ServedChatRequest, RequestIssue> {
  if (!isJsonObject(body)) return yield* refuse([], "The request body must be a JSON object.")
  const wire = yield* checkedBody(body)
  yield* refuseUnserved(wire)
  const { messages, system } = historyOf(yield* readMessages(wire.messages))
  if (messages.length === 0) return yield* refuse(["messages"], "There is nothing to answer.")
  const read = yield* forEachAt(["tools"], wire.tools ?? [], readTool)
  yield* leaveOut(
    "tools",
    read.filter((tool) => typeof tool === "string")
  )
  const { allowed, choice } = yield* readChoice(wire.tool_choice)
  const isAllowed = ({ name }: ToolDefinition): boolean => allowed === undefined || allowed.has(name)
  const tools = distinctTools(read.filter((tool) => typeof tool !== "string")).filter((tool) =>
    isAllowed(tool.definition)
  )
  const toolChoice = withParallel(choice, wire.parallel_tool_calls, tools.length > 0)
  const unread = Object.entries(body).filter(([field, value]) => !known.has(field) && value !== null)
  const request: ModelRequest = {
    model: wire.model,
    system,
    messages,
    tools: tools.map((tool) => tool.definition),
    ...requestFields({
      maxTokens: wire.max_completion_tokens ?? wire.max_tokens,
      temperature: wire.temperature,
      topP: wire.top_p,
      topK: wire.top_k,
      stop: wire.stop,
      effort: effortOf(wire, body),
      responseFormat: wire.response_format,
      toolChoice,
      unread: Object.fromEntries(unread)
    })
  }
  return {
    request,
    stream: wire.stream ?? false,
    model: wire.model,
    answer: {
      includeUsage: asksForUsage(wire) || isOpenRouterSdk(headers),
      callForms: formsOf(tools)
    }
  }
})

/**
 * Reads the parsed body of `POST /v1/chat/completions`, with headers in lower case.
 *
 * What is OpenAI's own is in `request.vendor.openai`; effort and format of the answer are in
 * `request.vendor.anthropic` too. Fails with the first thing that is wrong.
 */
export const decodeChatRequest = (
  body: unknown,
  headers: Readonly<Record<string, string | undefined>> = {}
): Effect.Effect<ServedChatRequest, InvalidChatRequest> =>
  Effect.mapError(decode(body, headers), (issue) => new InvalidChatRequest(issueFields(issue)))
