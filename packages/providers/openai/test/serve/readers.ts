/** Readers of streams that rely upon what clients rely upon, and fail where it is not so. */
import { assert } from "@effect/vitest"
import type { JsonObject } from "@signalbox/model"
import type { ChatEvent, ResponsesEvent } from "@signalbox/provider-openai/serve"

interface ReadCall {
  readonly id: unknown
  readonly type: "function"
  readonly function: { name: string; arguments: string }
}

const addPiece = (calls: Array<ReadCall>, piece: JsonObject): void => {
  // The encoder's own form of calls that are no custom ones.
  const { name = "", arguments: text } = piece["function"] as { name?: string; arguments: string }
  if (piece["id"] !== undefined) {
    assert.strictEqual(piece["index"], calls.length)
    calls.push({ id: piece["id"], type: "function", function: { name, arguments: "" } })
  }
  const last = calls.at(-1)
  assert.isDefined(last)
  assert.strictEqual(piece["index"], calls.length - 1)
  last.function.arguments += text
}

/** What a reader makes of chunks. Nothing may follow the reason to finish. */
export const gatherChat = (events: ReadonlyArray<ChatEvent>) => {
  const choices = events.flatMap((event) => (event.type === "chunk" ? event.chunk.choices : []))
  const finishes = choices.map(({ finish_reason }) => finish_reason)
  assert.isTrue(finishes.slice(0, -1).every((finish) => finish === null))
  const deltas = choices.map(({ delta }) => delta)
  const calls: Array<ReadCall> = []
  for (const piece of deltas.flatMap((delta) => delta.tool_calls ?? [])) addPiece(calls, piece)
  return {
    content: deltas.map(({ content }) => content ?? "").join(""),
    reasoning: deltas.map(({ reasoning_content }) => reasoning_content ?? "").join(""),
    finish: finishes.at(-1),
    mcpCalls: deltas.findLast(({ mcp_calls }) => mcp_calls !== undefined)?.mcp_calls,
    calls
  }
}

type Numbered = Extract<ResponsesEvent, { sequence_number: number }>

const itemIdOf = (event: Numbered): unknown => {
  const { item, item_id } = event
  return item_id ?? (item as JsonObject | undefined)?.["id"] // Items are objects.
}

/** Checks that items begin in order, and that everything about an item comes between its beginning and its end. */
const checkItems = (events: ReadonlyArray<Numbered>): void => {
  const open = new Map<unknown, unknown>()
  let count = 0
  for (const event of events.filter(({ output_index }) => output_index !== undefined)) {
    const id = itemIdOf(event)
    if (event.type === "response.output_item.added") {
      assert.strictEqual(event["output_index"], count++)
      open.set(event["output_index"], id)
    }
    assert.strictEqual(open.get(event["output_index"]), id)
    if (event.type === "response.output_item.done") open.delete(event["output_index"])
  }
  assert.strictEqual(open.size, 0)
}

/** Checks that the pieces of a text, or of arguments, make the whole that is said at their end. */
const checkPieces = (events: ReadonlyArray<Numbered>): void => {
  const pieces = new Map<unknown, string>()
  for (const event of events.filter(({ item_id, part }) => item_id !== undefined && part === undefined)) {
    const { delta, item_id, text = event["arguments"] } = event
    const before = pieces.get(item_id) ?? ""
    if (event.type.endsWith(".delta")) pieces.set(item_id, `${before}${String(delta)}`)
    if (event.type.endsWith(".done")) assert.strictEqual(before, text)
  }
}

/** Checks the events of a response, and gives the last one. */
export const checkResponses = (events: ReadonlyArray<ResponsesEvent>): Numbered | undefined => {
  const numbered = events.filter((event): event is Numbered => event.type !== "ping")
  assert.deepStrictEqual(
    numbered.map((event) => event.sequence_number),
    numbered.map((_, index) => index)
  )
  checkItems(numbered)
  checkPieces(numbered)
  const ends = numbered.filter(({ type }) => /^response\.(completed|incomplete|failed)$/.test(type))
  assert.strictEqual(ends.length, 1)
  assert.strictEqual(numbered.at(-1), ends[0])
  return ends[0]
}
