import { assert, describe, it } from "@effect/vitest"
import { type ContentBlock, eventsOf, type ModelReply, noUsage, type ServedEvent } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { groqDefaults, openAiDefaults } from "@signalbox/provider-openai"
import {
  decodeResponsesRequest,
  encodeChatReply,
  encodeChatStream,
  encodeResponsesReply,
  encodeResponsesStream,
  startChatStream,
  startResponsesStream
} from "@signalbox/provider-openai/serve"
import { Effect } from "effect"
import { added, completed, created, delta, ended, event, message, reasoning, replyTo } from "./responses/events.ts"
import { chunk, done, replyTo as chatReplyTo } from "./chunks.ts"
import { bodyOf } from "./requests.ts"
import { withCannedAnswer } from "./support.ts"

const page = { url: "https://a.example/x", title: "A" }
const found = { type: "web_search_result_location", ...page, cited_text: "quoted", encrypted_index: "E" }
const file = { type: "page_location", document_title: "B.pdf", document_index: 0, file_id: "file_1", cited_text: "q" }
const own = { type: "char_location", document_title: "C", document_index: 1, cited_text: "q" }

const reply = (content: ReadonlyArray<ContentBlock>): ModelReply => ({
  id: "msg_1",
  model: "m",
  content,
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: noUsage
})

/** A text whose second and third part have sources, some of them twice, and one that nobody could look up. */
const cited = reply([
  { type: "text", text: "I looked. " },
  { type: "text", text: "It rains", citations: [found, { ...found, cited_text: "again" }, own] },
  { type: "text", text: " today.", citations: [file] }
])

const url = { type: "url_citation", start_index: 10, end_index: 18, ...page }
const chatAnnotations = [{ type: "url_citation", url_citation: { start_index: 10, end_index: 18, ...page } }]
const responsesAnnotations = [url, { type: "file_citation", file_id: "file_1", filename: "B.pdf", index: 25 }]

const turn = {
  id: "x_1",
  model: "m",
  created: 1,
  callForms: new Map(),
  echo: {},
  steps: [{ reply: cited, results: [] }]
}
const stream = { ...turn, includeUsage: false, runBy: () => ({ _tag: "Caller" }) as const }
const happened: ReadonlyArray<ServedEvent> = [
  ...eventsOf(cited).map((each): ServedEvent => ({ type: "model", event: each })),
  { type: "end" }
]

describe("citations of an answer", () => {
  it("are annotations of a Chat message, which come at once before the end of a stream", () => {
    const [choice] = encodeChatReply(turn).choices
    assert.deepInclude(choice?.message, { content: "I looked. It rains today.", annotations: chatAnnotations })
    let state = startChatStream(stream)
    const deltas = happened.flatMap((each) => {
      const [next, events] = encodeChatStream(state, each)
      state = next
      return events.flatMap((sent) => (sent.type === "chunk" ? sent.chunk.choices.map((one) => one.delta) : []))
    })
    assert.deepStrictEqual(
      deltas.flatMap(({ annotations }) => (annotations === undefined ? [] : [annotations])),
      [chatAnnotations]
    )
    const plain = encodeChatReply({ ...turn, steps: [{ reply: reply([{ type: "text", text: "No." }]), results: [] }] })
    assert.notProperty(plain.choices[0]?.message, "annotations")
  })

  it("are annotations of a text of Responses, each told when its part of the text is there", () => {
    const whole = encodeResponsesReply(turn)
    const part = { type: "output_text", text: "I looked. It rains today.", annotations: responsesAnnotations }
    assert.deepStrictEqual(whole.output[0]?.["content"], [part])
    let state = startResponsesStream(stream)
    const events = happened.flatMap((each) => {
      const [next, sent] = encodeResponsesStream(state, each)
      state = next
      return sent
    })
    const told = events.filter(({ type }) => type === "response.output_text.annotation.added")
    assert.deepStrictEqual(
      told.map((each) => ("annotation" in each ? [each["annotation_index"], each["annotation"]] : [])),
      responsesAnnotations.map((annotation, index) => [index, annotation])
    )
    assert.deepStrictEqual(state.ended?.output, whole.output)
  })
})

const citation = { type: "web_search_result_location", ...page, cited_text: "", encrypted_index: "" }

const outline = ({ content }: ModelReply) =>
  content.map((block) => (block.type === "text" ? [block.text, block.citations] : block))

describe("annotations of an upstream", () => {
  it.effect("are citations of the text that they come with, in Chat", () =>
    Effect.gen(function* () {
      const { content: pageText, ...rest } = { ...page, content: "long ".repeat(100) }
      const annotations = [
        { type: "url_citation", url_citation: { ...page, start_index: 0, end_index: 3 } },
        { type: "url_citation", url_citation: { ...rest, content: pageText } },
        { type: "file_citation", file_citation: { file_id: "f" } },
        { type: "url_citation" }
      ]
      const expected = [["It rains.", [citation, { ...citation, cited_text: pageText.slice(0, 150) }]]]
      const answer = { choices: [{ message: { content: "It rains.", annotations }, finish_reason: "stop" }] }
      const whole = yield* withCannedAnswer(
        [JSON.stringify(answer)],
        (model) => model.generate(askFor()),
        {},
        "application/json"
      )
      assert.deepStrictEqual(outline(whole), expected)
      const streamed = yield* Effect.fromResult(
        yield* chatReplyTo([
          chunk({ content: "It " }),
          chunk({ content: "rains." }),
          chunk({ annotations }),
          chunk({}, "stop"),
          done
        ])
      )
      assert.deepStrictEqual(outline(streamed), expected)
    })
  )

  it.effect("are citations in Responses, whose search goes back beside the reasoning that led to it", () =>
    Effect.gen(function* () {
      const search = {
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "q" }
      }
      const text = {
        ...message("It rains."),
        content: [{ type: "output_text", text: "It rains.", annotations: [url] }]
      }
      const answer = yield* Effect.fromResult(
        yield* replyTo([
          created,
          added(0, { type: "reasoning", id: "rs_1", summary: [] }),
          ended(0, reasoning),
          added(1, { type: "web_search_call", id: "ws_1", status: "in_progress" }),
          ended(1, search),
          added(2, message()),
          delta("output_text", 2, "It rains."),
          event("response.output_text.annotation.added", { output_index: 2, annotation: url }),
          ended(2, text),
          completed()
        ])
      )
      const [, searched, said] = outline(answer)
      assert.deepStrictEqual(searched, { type: "opaque", vendor: "openai", block: search })
      assert.deepStrictEqual(said, ["It rains.", [citation]])
      const body = yield* bodyOf(askFor("", { messages: [{ role: "assistant", content: answer.content }] }), {
        ...openAiDefaults,
        api: "responses"
      })
      const types = (body["input"] as ReadonlyArray<Record<string, unknown>>).map(({ role, type }) => type ?? role)
      assert.deepStrictEqual(types, ["reasoning", "web_search_call", "assistant"])
    })
  )
})

describe("OpenAI's search of the web", () => {
  const search = { type: "web_search", external_web_access: true }

  it.effect("reaches an upstream of the same API in its own words, and no other", () =>
    Effect.gen(function* () {
      const { request } = yield* decodeResponsesRequest({ model: "m", input: "Rain?", tools: [search] })
      const responses = { ...openAiDefaults, api: "responses" } as const
      assert.deepStrictEqual((yield* bodyOf(request, responses))["tools"], [search])
      assert.notProperty(yield* bodyOf(request, openAiDefaults), "tools")
      assert.notProperty(yield* bodyOf(request, { ...groqDefaults, api: "responses" }), "tools")
    })
  )

  it.effect("stays in a conversation that comes back", () =>
    Effect.gen(function* () {
      const call = { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } }
      const { request } = yield* decodeResponsesRequest({
        model: "m",
        input: [{ role: "user", content: "Rain?" }, call, { role: "assistant", content: "Yes." }]
      })
      assert.deepStrictEqual(request.messages[1]?.content[0], { type: "opaque", vendor: "openai", block: call })
      const [item] = encodeResponsesReply({
        ...turn,
        steps: [{ reply: reply(request.messages[1]?.content ?? []), results: [] }]
      }).output
      assert.deepStrictEqual(item, call)
    })
  )
})
