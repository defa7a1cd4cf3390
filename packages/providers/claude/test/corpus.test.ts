import { assert, describe, it } from "@effect/vitest"
import { collectReply, isJsonObject, type JsonObject, type ModelEvent } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { decodeRequest, encodeReply, encodeStream, renderEvent, startStream } from "@signalbox/provider-claude/serve"
import { EventWire, ReplyWire, RequestWire } from "@signalbox/provider-claude/wire"
import { Effect, Schema, Stream } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { withCannedAnswer } from "./support.ts"

/** The files of a folder of the corpus, by name. */
const filesOf = (folder: string): ReadonlyArray<readonly [name: string, text: string]> => {
  const place = join(import.meta.dirname, "corpus", folder)
  return readdirSync(place).map((file) => [
    basename(file).replace(/\.\w+$/, ""),
    readFileSync(join(place, file), "utf8")
  ])
}

const parse = (text: string): JsonObject => {
  const value: unknown = JSON.parse(text)
  assert.isTrue(isJsonObject(value))
  return isJsonObject(value) ? value : {}
}

/** A request of the corpus: what a client sends, and its messages as they go upstream where they change. */
interface Entry {
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
  readonly becomes?: unknown
}

const isSaid = (value: unknown) => value !== null && value !== false && !(Array.isArray(value) && value.length === 0)

const said = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, it]) => isSaid(it)))

const objectsIn = (value: unknown): ReadonlyArray<JsonObject> =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

const asBlocks = (content: unknown) => (typeof content === "string" ? [{ type: "text", text: content }] : content)

/** Everything that may differ, as `decodeRequest` documents it. */
const normalised = ({ becomes, body }: Entry): JsonObject => {
  const { system, ...rest } = said(body)
  const messages = objectsIn(body["messages"]).map(({ content, ...message }) => ({
    ...said(message),
    ...(content === undefined ? {} : { content: asBlocks(content) })
  }))
  const tools = objectsIn(body["tools"]).map((tool) => {
    const isPlain = Object.keys(said(tool)).every((field) => ["name", "description", "input_schema"].includes(field))
    const schema = tool["input_schema"]
    if (!isPlain || !isJsonObject(schema)) return tool
    return { ...said(tool), input_schema: { type: "object", properties: {}, ...schema } }
  })
  return {
    ...rest,
    messages: becomes ?? messages,
    ...(system === undefined ? {} : { system: asBlocks(system) }),
    ...(tools.length === 0 ? {} : { tools })
  }
}

const upstreamAnswer = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 }
})

/** What the upstream gets when a client sends this. */
const sentFor = ({ body, headers }: Entry) =>
  Effect.gen(function* () {
    const { request, stream } = yield* decodeRequest(body, headers)
    return yield* withCannedAnswer(
      stream ? [readFileSync(join(import.meta.dirname, "corpus/streams/text.sse"), "utf8")] : [upstreamAnswer],
      (model, bodies) =>
        Effect.map(stream ? Stream.runDrain(model.stream(request)) : model.generate(request), () => bodies[0]),
      {},
      stream ? "text/event-stream" : "application/json"
    )
  })

const requests = filesOf("requests")

describe("the requests of clients", () => {
  it("are at least forty", () => assert.isAtLeast(requests.length, 40))

  for (const [name, text] of requests) {
    const entry = parse(text) as object as Entry // Written by us, next door.

    it.effect(`go upstream as they came: ${name}`, () =>
      Effect.gen(function* () {
        assert.isTrue(Schema.is(RequestWire)(entry.body))
        assert.deepStrictEqual(yield* sentFor(entry), normalised(entry))
      })
    )
  }

  it.effect("keep a temperature of zero", () =>
    Effect.gen(function* () {
      const entry = parse(requests.find(([name]) => name === "sampling-at-zero")?.[1] ?? "") as object as Entry // As above.
      assert.strictEqual((yield* sentFor(entry))?.["temperature"], 0)
    })
  )
})

const served = (events: ReadonlyArray<ModelEvent>, id: string, model: string) => {
  let state = startStream({ id, model, runBy: () => ({ _tag: "Caller" }) })
  const all: Array<EventWire> = []
  for (const input of [...events.map((event) => ({ type: "model", event }) as const), { type: "end" } as const]) {
    const [next, shown] = encodeStream(state, input)
    state = next
    all.push(...shown)
  }
  return all
}

/** What a stream says: pieces of one kind joined, and without what only says that it is alive. */
const meaningOf = (events: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  const joined: Array<JsonObject> = []
  for (const event of events) {
    const last = joined.at(-1)
    if (event["type"] === "ping") continue
    const [piece, before] = [event["delta"], last?.["delta"]]
    const isMore = event["type"] === "content_block_delta" && last?.["type"] === event["type"]
    if (!isMore || !isJsonObject(piece) || !isJsonObject(before) || typeof piece["partial_json"] !== "string")
      joined.push(event)
    else {
      const partial_json = `${String(before["partial_json"])}${piece["partial_json"]}`
      joined[joined.length - 1] = { ...event, delta: { ...piece, partial_json } }
    }
  }
  return joined
}

const dataOf = (sse: string): ReadonlyArray<JsonObject> =>
  sse.split("\n\n").flatMap((event) => (event === "" ? [] : [parse(/^data: (.*)$/m.exec(event)?.[1] ?? "")]))

const streams = new Map(filesOf("streams"))

describe("the answers of the API", () => {
  for (const [name, text] of filesOf("replies")) {
    const recorded = parse(text)

    it.effect(`come out as they went in: ${name}`, () =>
      Effect.gen(function* () {
        assert.isTrue(Schema.is(ReplyWire)(recorded))
        const reply = yield* withCannedAnswer([text], (model) => model.generate(askFor()), {}, "application/json")
        const { id, model } = reply
        assert.deepStrictEqual<object>(encodeReply({ id, model, steps: [{ reply, results: [] }] }), recorded)
      })
    )

    it.effect(`are the same as a stream: ${name}`, () =>
      Effect.gen(function* () {
        const sse = streams.get(name) ?? ""
        const whole = yield* withCannedAnswer([text], (model) => model.generate(askFor()), {}, "application/json")
        const events = yield* withCannedAnswer([sse], (model) => Stream.runCollect(model.stream(askFor())))
        assert.deepStrictEqual(yield* collectReply("claude", Stream.fromIterable(events)), whole)
        const shown = served(events, whole.id, whole.model)
        for (const event of shown) assert.isTrue(Schema.is(EventWire)(event), event.type)
        const again = yield* withCannedAnswer(shown.map(renderEvent), (model) =>
          Stream.runCollect(model.stream(askFor()))
        )
        assert.deepStrictEqual(yield* collectReply("claude", Stream.fromIterable(again)), whole)
        // Blocks of the API's own are handed on whole: all others piece by piece, as they came.
        const isPlain = whole.content.every(({ type }) => type !== "opaque")
        if (isPlain)
          assert.deepStrictEqual(
            meaningOf(dataOf(shown.map(renderEvent).join(""))).slice(1, -2),
            meaningOf(dataOf(sse)).slice(1, -2)
          )
      })
    )
  }
})
