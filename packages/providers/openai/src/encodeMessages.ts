/**
 * A conversation as Chat Completions wants it: every tool call answered, by exactly one `tool` message,
 * directly after the assistant message that made it; text is never lost.
 */
import { type ContentBlock, type JsonObject, type ToolResultBlock, unsealThought } from "@signalbox/model"
import { cacheMark, contentOf, type Part, partsOf, resultParts, type ResultParts, textsOf } from "./parts.ts"
import type { Plan } from "./plan.ts"
import { callExtra } from "./said.ts"
import type { AnsweredCall, Turn } from "./turns.ts"

const encodeCall = (
  { call }: AnsweredCall,
  id: string,
  extras: ReadonlyArray<JsonObject>,
  { names }: Plan
): JsonObject => {
  const extra = extras.find((detail) => detail["id"] === call.id)?.["extra_content"]
  return {
    id,
    type: "function",
    function: { name: names.toWire(call.name), arguments: JSON.stringify(call.input) },
    ...(extra === undefined ? {} : { extra_content: extra })
  }
}

const encodeResult = ({ call, result }: AnsweredCall, { dialect }: Plan): ResultParts =>
  result === undefined ? { content: "(no result)", following: [] } : resultParts(result, call.name, dialect)

/** A result to no call of the assistant's: said as text, so that nothing is lost. */
const orphan = (result: ToolResultBlock, { dialect }: Plan): ReadonlyArray<Part> => {
  const { content, following } = resultParts(result, result.tool_use_id, { ...dialect, resultImages: "after" })
  return [{ type: "text", text: `[Result of an earlier tool call]\n${String(content)}` }, ...following]
}

/** Ids of one message's calls: a server tells results apart by them. */
export const idsOf = (calls: ReadonlyArray<AnsweredCall>, { idOf }: Plan): ReadonlyArray<string> => {
  const ids: Array<string> = []
  for (const { call } of calls) {
    let id = idOf(call.id)
    for (let n = 2; ids.includes(id); n++) id = idOf(`${call.id}#${n}`)
    ids.push(id)
  }
  return ids
}

/** Reasoning that this very upstream sealed, unchanged and in order. */
export const sealedDetails = (content: ReadonlyArray<ContentBlock>, provider: string): ReadonlyArray<JsonObject> =>
  content.flatMap((block) => {
    const seal = block.type === "thinking" ? block.signature : block.type === "redacted_thinking" ? block.data : ""
    const details = unsealThought(provider, seal)?.["details"]
    return Array.isArray(details) ? (details as ReadonlyArray<JsonObject>) : [] // Sealed by us, from objects.
  })

type AssistantTurn = Extract<Turn, { role: "assistant" }>

/** `isCurrent`: no message of the user's came since, so that the server wants its text back. */
const reasoningFields = (turn: AssistantTurn, { dialect, options }: Plan, isCurrent: boolean): JsonObject => {
  if (dialect.reasoningBack === "reasoning_details") {
    const details = sealedDetails(turn.content, options.provider).filter(({ type }) =>
      String(type).startsWith("reasoning.")
    )
    return details.length === 0 ? {} : { reasoning_details: details }
  }
  if (dialect.reasoningBack === "none" || !isCurrent) return {}
  // Clients of OpenAI's APIs have no place for a signature.
  const own = turn.content.flatMap((block) =>
    block.type === "thinking" &&
    (block.signature === "" || unsealThought(options.provider, block.signature) !== undefined)
      ? [block.thinking]
      : []
  )
  return own.length === 0 ? {} : { reasoning_content: own.join("\n") }
}

const encodeAssistant = (
  turn: AssistantTurn,
  ids: ReadonlyArray<string>,
  plan: Plan,
  isCurrent: boolean
): ReadonlyArray<JsonObject> => {
  const text = textsOf(turn.content).join("")
  if (text === "" && turn.calls.length === 0) return []
  const extras = sealedDetails(turn.content, plan.options.provider).filter(({ type }) => type === callExtra)
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      ...reasoningFields(turn, plan, isCurrent),
      ...(turn.calls.length === 0
        ? {}
        : { tool_calls: turn.calls.map((answered, index) => encodeCall(answered, ids[index] ?? "", extras, plan)) })
    }
  ]
}

/** What a JSON answer must look like, for upstreams that take no schema. */
const formatInWords = ({ dialect, wishes }: Plan): ReadonlyArray<Part> =>
  wishes.format === undefined || dialect.format === "json_schema"
    ? []
    : [
        {
          type: "text",
          text: `Answer with nothing but a JSON object that fits this JSON Schema:\n${JSON.stringify(wishes.format.schema)}`
        }
      ]

/** The system prompt: one text, or in parts where it has marks of cached prefixes. */
export const systemParts = (plan: Plan): ReadonlyArray<Part> => {
  const parts = [
    ...plan.request.system
      .filter(({ text }) => text !== "")
      .map(({ cache_control, text }): Part => ({ type: "text", text, ...cacheMark(cache_control, plan.dialect) })),
    ...formatInWords(plan)
  ]
  const isMarked = parts.some((part) => Object.keys(part).length > 2)
  return isMarked || parts.length === 0
    ? parts
    : [{ type: "text", text: parts.map(({ text }) => String(text)).join("\n\n") }]
}

const reminder = (text: string): string => `<system-reminder>\n${text}\n</system-reminder>`

/** The messages of a request, the system prompt first. */
export const encodeMessages = (plan: Plan): ReadonlyArray<JsonObject> => {
  const { dialect, turns } = plan
  const systemRole = plan.isReasoner ? "developer" : "system"
  const system = systemParts(plan)
  const encoded: Array<JsonObject> = system.length === 0 ? [] : [{ role: systemRole, content: contentOf(system) }]
  /** What waits for the next message of the user's: images of results, reminders. */
  let waiting: ReadonlyArray<Part> = []
  const addUser = (parts: ReadonlyArray<Part>) => {
    if (parts.length > 0) encoded.push({ role: "user", content: contentOf(parts) })
    waiting = []
  }
  const lastQuestion = turns.findLastIndex(({ content, role }) => role === "user" && content.length > 0)
  for (const [index, turn] of turns.entries()) {
    if (turn.role === "assistant") {
      addUser(waiting)
      const ids = idsOf(turn.calls, plan)
      encoded.push(...encodeAssistant(turn, ids, plan, index > lastQuestion))
      const results = turn.calls.map((answered) => encodeResult(answered, plan))
      encoded.push(...results.map(({ content }, at) => ({ role: "tool", tool_call_id: ids[at], content })))
      waiting = results.flatMap(({ following }) => following)
    } else if (turn.role === "system") {
      const text = textsOf(turn.content).join("\n\n")
      if (text === "") continue
      if (dialect.laterSystem === "in_place") encoded.push({ role: systemRole, content: text })
      else waiting = [...waiting, { type: "text", text: reminder(text) }]
    } else {
      const own = turn.content.flatMap((block) =>
        block.type === "tool_result" ? orphan(block, plan) : partsOf(block, dialect)
      )
      addUser([...waiting, ...own])
    }
  }
  addUser(waiting)
  return encoded
}
